"""Auto in a conversation with the built-in model: which step answers, why, and overruled how."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app import paths
from app.domain.conversation import AnswerOptions
from app.domain.reasoning import Effort, asked
from app.domain.routing import Routing, Rule
from app.domain.sampling import SamplingParams
from app.errors import InvalidRequest, ModelNotFound
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.router import Router

UNSURE = "What is 47 * 36?"
SURE = Routing(threshold=0.0)


class Shelf:
    """Lends what it is told to, and remembers what was asked for."""

    def __init__(self) -> None:
        self.borrowed: list[str | None] = []

    async def borrow(self, path: str | None) -> None:
        self.borrowed.append(path)
        if path == "/nowhere":
            raise ModelNotFound("There is no model in /nowhere.")


Scenario = Callable[[Router, Conversation, Shelf], Awaitable[None]]


def drive(scenario: Scenario) -> None:
    async def main() -> None:
        host, shelf = EngineHost(), Shelf()
        try:
            info = await host.load(paths.built_in_model())

            def options(effort: Effort) -> AnswerOptions:
                found = asked(info, effort)
                return AnswerOptions(
                    sampling=SamplingParams(temperature=0.0),
                    reasoning=found.reasoning,
                    variables=found.variables,
                    thought=found.limit,
                )

            conversation = Conversation(host)
            await scenario(Router(conversation, shelf, options), conversation, shelf)
        finally:
            await host.close()

    asyncio.run(main())


def steps(conversation: Conversation) -> list[str]:
    return [turn.origin.step for turn in conversation.turns if turn.origin]


def test_every_way_to_ask_is_routed_and_each_decision_can_be_overruled() -> None:
    async def scenario(router: Router, conversation: Conversation, shelf: Shelf) -> None:
        await router.send(UNSURE, Routing())
        question, answer = conversation.turns
        assert (answer.text, steps(conversation)) == ("1692", ["thoughtful"])
        told = answer.note.splitlines()
        assert [line.split(":")[0] for line in told] == [
            "Auto decided", "quick", "quick", "thoughtful",
        ]  # fmt: skip
        assert told[1] == "quick: No rule applies, so the first step is tried."
        await router.overrule(answer.id, "quick", Routing())
        quick = conversation.turns[-1]
        assert (quick.reasoning, steps(conversation)) == ("", ["quick"])
        assert quick.note.splitlines() == told[:-1]
        await router.overrule(quick.id, "thoughtful", Routing())
        assert conversation.turns[-1] == answer

        await router.regenerate(answer.id, SURE)
        assert steps(conversation) == ["quick"]
        await router.overrule(conversation.turns[-1].id, "thoughtful", SURE)
        assert len(await conversation.versions(answer.id)) == 3

        rules = (Rule("thoughtful", longer_than=20),)
        await router.edit(question.id, "What is 348 + 276, then?", Routing(rules=rules))
        assert steps(conversation) == ["thoughtful"]
        assert "A rule says so: the question is longer than 20" in conversation.turns[-1].note

        await router.edit(conversation.turns[0].id, "Hello", SURE)
        short = conversation.turns[-1]
        token = short.tokens[1].top[1].id
        await router.branch(short.id, 1, token, Routing(threshold=1.0))
        other = conversation.turns[-1]
        assert other.tokens[1].id == token
        assert (other.reasoning, other.origin and other.origin.step) == ("", "quick")
        assert "quick: Kept: it goes on from a token that you chose" in other.note
        with pytest.raises(InvalidRequest, match='no step "large"'):
            await router.overrule(other.id, "large", SURE)
        assert set(shelf.borrowed) == {None}

    drive(scenario)


def test_a_larger_model_is_borrowed_and_one_that_is_gone_is_said() -> None:
    async def scenario(router: Router, conversation: Conversation, shelf: Shelf) -> None:
        routing = Routing(threshold=1.0, thoughtful=Effort.OFF, large="/large")
        await router.send("Hello", routing)
        assert shelf.borrowed == [None, None, "/large", None]
        assert steps(conversation) == ["large"]
        await router.send("Hello", Routing(threshold=1.0, thoughtful=Effort.OFF, large="/nowhere"))
        assert steps(conversation) == ["large", "thoughtful"]
        note = conversation.turns[-1].note
        assert note.endswith("large: Not asked: There is no model in /nowhere.")
        assert shelf.borrowed[-1] is None
        rules = (Rule("large", matches="."),)
        with pytest.raises(ModelNotFound):
            await router.send("Hello", Routing(rules=rules, large="/nowhere"))
        assert len(conversation.turns) == 4

    drive(scenario)
