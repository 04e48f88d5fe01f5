"""Answers questions of a conversation by steps from cheap to dear, until the model was sure.

Every answer stays beside the others as a version and says why it stands or does not, so that each
decision can be overruled. Another model is only borrowed: the one that was open comes back.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from app.domain.conversation import AnswerOptions, Turn, TurnState
from app.domain.reasoning import Effort
from app.domain.routing import (
    CHOSEN,
    QUICK,
    THOUGHTFUL,
    Decision,
    Routing,
    Step,
    continued,
    first_step,
    judge,
    not_asked,
    told,
)
from app.domain.tokens import TokenRecord
from app.errors import CandorError, InvalidRequest
from app.services.conversation import GONE, Conversation

Ask = Callable[[AnswerOptions], Awaitable[None]]


class Lender(Protocol):
    """Opens models for a while."""

    async def borrow(self, path: str | None) -> None:
        """Have the model in this folder open; None brings back the one that was open before.

        Raises:
            CandorError: it cannot be opened.
        """
        ...


class Router:
    """Asks in `conversation`; `options` says how an answer with some effort is asked for."""

    def __init__(
        self,
        conversation: Conversation,
        lender: Lender,
        options: Callable[[Effort], AnswerOptions],
    ) -> None:
        self._conversation = conversation
        self._lender = lender
        self._options = options

    async def send(self, text: str, routing: Routing) -> None:
        """Ask `text`, with the next step as long as the answer was not sure enough.

        Raises as `Conversation.send`, and InvalidRequest where a rule makes no sense.
        """
        await self._climb(routing, text, partial(self._conversation.send, text))

    async def edit(self, question_id: int, text: str, routing: Routing) -> None:
        """As `send`, in the place of a question."""
        await self._climb(routing, text, partial(self._conversation.edit, question_id, text))

    async def regenerate(self, answer_id: int, routing: Routing) -> None:
        """As `send`, for the question of an answer."""
        turns = self._conversation.turns
        place = next((place for place, turn in enumerate(turns) if turn.id == answer_id), 0)
        if not place:
            raise InvalidRequest(GONE)
        again = partial(self._conversation.regenerate, answer_id)
        await self._climb(routing, turns[place - 1].text, again)

    async def branch(
        self,
        answer_id: int,
        index: int,
        token: int,
        routing: Routing,
        *,
        way: Sequence[TokenRecord] = (),
    ) -> None:
        """Let an answer go on from a token that a person chose, with the step that wrote it.

        A `way` may come before it, as in `Conversation.branch`. However sure the rest of the
        answer is, it stands: the next step would not keep the token.
        """
        turn = next((each for each in self._conversation.turns if each.id == answer_id), None)
        step = _step_of(turn, routing) if turn else routing.ladder[0]
        asked = self._asked(step)
        await self._conversation.branch(answer_id, index, token, asked, way=way)
        if (answer := self._ended()) is not None:
            self._note(answer, [continued(step, answer.tokens[index + len(way) + 1 :])])

    async def overrule(self, answer_id: int, name: str, routing: Routing) -> None:
        """Show the answer of another step to the same question, which is asked if there is none.

        Raises as `Conversation.regenerate`, and InvalidRequest where there is no such step.
        """
        step = next((each for each in routing.ladder if each.name == name), None)
        if step is None:
            raise InvalidRequest(f'There is no step "{name}" any more.')
        for turn in await self._conversation.versions(answer_id):
            if turn.origin and turn.origin.step == name and turn.state is TurnState.FINISHED:
                await self._conversation.go(turn.id)
                return
        try:
            await self._lender.borrow(step.model)
            await self._conversation.regenerate(answer_id, self._asked(step))
            if (answer := self._ended()) is not None:
                kept = judge(step, answer.tokens, routing.threshold, last=True)
                self._note(answer, [Decision(name, CHOSEN), kept])
        finally:
            await self._lender.borrow(None)

    async def _climb(self, routing: Routing, question: str, ask: Ask) -> None:
        ladder = routing.ladder
        place, begun = first_step(ladder, routing.rules, question)
        decisions, answer = [begun], None
        try:
            for step in ladder[place:]:
                try:
                    await self._lender.borrow(step.model)
                except CandorError as error:
                    if answer is None:
                        raise
                    self._conversation.note(answer.id, *told([not_asked(step, error)]))
                    return
                await ask(self._asked(step))
                answer = self._ended()
                if answer is None:
                    return
                last = step == ladder[-1]
                decisions.append(judge(step, answer.tokens, routing.threshold, last=last))
                self._note(answer, decisions)
                if decisions[-1].kept:
                    return
                ask = partial(self._conversation.regenerate, answer.id)
        finally:
            await self._lender.borrow(None)

    def _asked(self, step: Step) -> AnswerOptions:
        """The quick step is to be cheap, so it writes one answer."""
        options = replace(self._options(step.effort), step=step.name)
        return replace(options, best_of=1) if step.name == QUICK else options

    def _ended(self) -> Turn | None:
        """The last answer, unless it was stopped or cannot be judged."""
        turns = self._conversation.turns
        return turns[-1] if turns and turns[-1].state is TurnState.FINISHED else None

    def _note(self, answer: Turn, decisions: list[Decision]) -> None:
        self._conversation.note(answer.id, "\n".join(["Auto decided:", *told(decisions)]))


def _step_of(turn: Turn, routing: Routing) -> Step:
    """The step that wrote an answer, or would have."""
    asked = turn.origin.step if turn.origin else ""
    name = asked or (THOUGHTFUL if turn.reasoning else QUICK)
    return next((each for each in routing.ladder if each.name == name), routing.ladder[0])
