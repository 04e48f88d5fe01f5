"""Other answers and changed questions: real worker, real SQLite, and every version kept."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app import paths
from app.domain.chats import MessageTree, StoredChat
from app.domain.conversation import (
    AnswerOptions,
    Change,
    Cut,
    Turn,
    TurnAdded,
    TurnState,
    Version,
)
from app.domain.messages import Role
from app.domain.sampling import SamplingParams
from app.errors import ContextExceeded, InvalidRequest
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore

BRIEF = AnswerOptions(sampling=SamplingParams(temperature=1.5), reasoning=False, max_tokens=3)
LONG = AnswerOptions(sampling=SamplingParams(temperature=0.0), reasoning=True, max_tokens=200)
QUESTION = "What is 348 + 276?"

Scenario = Callable[[Conversation, ChatStore], Awaitable[None]]


def drive(scenario: Scenario) -> None:
    """Run a scenario in a conversation that a store keeps."""

    async def main() -> None:
        host = EngineHost()
        store = ChatStore(ChatFile(paths.chats()))
        try:
            await store.open()
            await host.load(paths.built_in_model())
            await scenario(Conversation(host, store), store)
        finally:
            await host.close()
            await store.close()

    asyncio.run(main())


def stored() -> StoredChat:
    """What a next start finds of the chat that was written in last."""
    file = ChatFile(paths.chats())
    assert file.open() is None
    try:
        return file.read(file.summaries()[0])
    finally:
        file.close()


def ids(conversation: Conversation) -> list[int]:
    return [turn.id for turn in conversation.turns]


def test_another_answer_stands_beside_the_first_and_both_are_kept():
    seen: list[tuple[Turn, ...]] = []

    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        changes: list[Change] = []
        await conversation.send(QUESTION, BRIEF)
        question, first = conversation.turns
        conversation.observe(changes.append)
        await conversation.regenerate(first.id, BRIEF)
        second = conversation.turns[-1]
        assert conversation.turns == (question, second)
        assert second.state is TurnState.FINISHED
        assert changes[0] == Cut(first.id, None)
        added = changes[1]
        assert isinstance(added, TurnAdded)
        assert (added.turn.id, added.version) == (second.id, Version(1, 2))
        await conversation.step(second.id, -1)
        assert conversation.turns == (question, first)
        assert changes[-1] == TurnAdded(first, Version(0, 2))
        seen.append(conversation.turns)

    drive(scenario)
    assert stored().turns == seen[0]
    assert stored().tree == MessageTree([(1, None), (2, 1), (3, 1)])


@pytest.mark.parametrize("place", [0, 2], ids=["the first", "in the middle"])
def test_an_edited_question_gets_an_answer_of_its_own_and_the_rest_stays(place: int):
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        for text in ("One?", "Two?", "Three?"):
            await conversation.send(text, BRIEF)
        before = conversation.turns
        await conversation.edit(before[place].id, "Changed?", BRIEF)
        after = conversation.turns
        assert after[:place] == before[:place]
        assert [turn.text for turn in after[place:]][:1] == ["Changed?"]
        assert len(after) == place + 2
        await conversation.step(after[place].id, -1)
        assert conversation.turns == before
        await conversation.step(before[place].id, 1)
        assert conversation.turns == after

    drive(scenario)


def test_the_model_is_asked_what_stands_before_the_place_and_nothing_else():
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        greedy = AnswerOptions(sampling=SamplingParams(temperature=0.0), reasoning=False)
        await conversation.send("Hello", greedy)
        await conversation.send(QUESTION, greedy)
        first = conversation.turns[-1]
        await conversation.send("Thanks", greedy)
        await conversation.regenerate(first.id, greedy)
        again = conversation.turns[-1]
        assert (again.text, len(conversation.turns)) == (first.text, 4)
        assert first.usage
        assert again.usage
        assert again.usage.prompt_tokens == first.usage.prompt_tokens

    drive(scenario)


def test_regenerating_while_it_answers_stops_and_keeps_what_came():
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        writing = asyncio.create_task(conversation.send(QUESTION, LONG))
        while not (conversation.turns and conversation.turns[-1].tokens):
            await asyncio.sleep(0)
        cut_off = conversation.turns[-1].id
        await conversation.regenerate(cut_off, BRIEF)
        await writing
        assert conversation.turns[-1].state is TurnState.FINISHED
        await conversation.step(conversation.turns[-1].id, -1)
        assert conversation.turns[-1].id == cut_off
        assert conversation.turns[-1].state is TurnState.STOPPED
        assert conversation.turns[-1].tokens

    drive(scenario)


def test_a_step_while_it_answers_stops_and_keeps_what_came():
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        await conversation.send("Hello", BRIEF)
        before = conversation.turns
        writing = asyncio.create_task(conversation.edit(before[0].id, QUESTION, LONG))
        while len(ids(conversation)) < 2 or conversation.turns == before:
            await asyncio.sleep(0)
        edited = conversation.turns[0].id
        await conversation.step(edited, -1)
        await writing
        assert conversation.turns == before
        await conversation.step(before[0].id, 1)
        assert ids(conversation)[0] == edited
        assert conversation.turns[-1].state is TurnState.STOPPED

    drive(scenario)


def test_a_failed_answer_can_be_tried_again():
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        with pytest.raises(ContextExceeded):
            await conversation.send("colour " * 20_000, BRIEF)
        question, failed = conversation.turns
        with pytest.raises(ContextExceeded):
            await conversation.regenerate(failed.id, BRIEF)
        assert conversation.turns[0] == question
        assert conversation.turns[1].state is TurnState.FAILED
        await conversation.edit(question.id, QUESTION, BRIEF)
        assert conversation.turns[1].state is TurnState.FINISHED

    drive(scenario)


def test_what_is_not_there_is_refused_or_left_alone():
    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        await conversation.send("Hello", BRIEF)
        before = conversation.turns
        question, answer = before
        with pytest.raises(InvalidRequest, match="not in the chat"):
            await conversation.regenerate(question.id, BRIEF)
        with pytest.raises(InvalidRequest, match="not in the chat"):
            await conversation.edit(answer.id, "x", BRIEF)
        with pytest.raises(InvalidRequest, match="no text"):
            await conversation.edit(question.id, "half \ud83d", BRIEF)
        for turn_id, by in ((99, 1), (answer.id, 1), (answer.id, -1), (question.id, 1)):
            await conversation.step(turn_id, by)
        assert conversation.turns == before

    drive(scenario)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_every_version_is_there_after_a_restart(seed: int):
    chance = random.Random(seed)
    said: dict[int, Turn] = {}
    parents: dict[int, int | None] = {}
    shown: list[tuple[Turn, ...]] = []

    async def scenario(conversation: Conversation, store: ChatStore) -> None:
        await conversation.send("Begin.", BRIEF)
        for left in reversed(range(15)):
            path = ids(conversation)
            said.update((turn.id, turn) for turn in conversation.turns)
            parents.update(zip(path, [None, *path], strict=False))
            shown.append(conversation.turns)
            if left:
                await act(conversation, chance)

    drive(scenario)
    found = stored()
    assert found.turns == shown[-1]
    assert found.tree == MessageTree(parents.items())
    file = ChatFile(paths.chats())
    file.open()
    assert file.turns(sorted(said)) == tuple(said[id] for id in sorted(said))
    file.close()


async def act(conversation: Conversation, chance: random.Random) -> None:
    """Do one of the things that a person can do."""
    turn = chance.choice(conversation.turns)
    what = chance.randrange(4)
    if what == 0:
        await conversation.send("And?", BRIEF)
    elif what == 1:
        await conversation.step(turn.id, chance.choice((-1, 1)))
    elif turn.role is Role.USER:
        await conversation.edit(turn.id, f"{turn.text} Really?", BRIEF)
    else:
        await conversation.regenerate(turn.id, BRIEF)


def test_versions_are_there_without_any_file(tmp_path: Path):
    async def main() -> None:
        host = EngineHost()
        store = ChatStore(ChatFile(tmp_path))  # a folder, which is no file
        try:
            await host.load(paths.built_in_model())
            conversation = Conversation(host, store)
            await conversation.send("Hello", BRIEF)
            first = conversation.turns
            await conversation.regenerate(first[1].id, BRIEF)
            await conversation.step(conversation.turns[1].id, -1)
            assert conversation.turns == first
        finally:
            await host.close()
            await store.close()

    asyncio.run(main())
