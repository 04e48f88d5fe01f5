"""Replays of a conversation's tokens: proven by their records, refused where they are not."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from app import paths
from app.domain.conversation import AnswerOptions, Turn, TurnGrew
from app.domain.drawing import drawing
from app.domain.sampling import SamplingParams
from app.errors import InvalidRequest, WorkerLost
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.replay import EXACT, Look, Replayer, distance

MIXED = SamplingParams(seed=4, temperature=0.9, top_k=40, top_p=0.95, repetition_penalty=1.1)
QUESTIONS = ("What is 348 + 276?", "What is the capital of France?")

Scenario = Callable[[EngineHost], Awaitable[None]]


def drive(scenario: Scenario, model: Path | None = None) -> None:
    async def main() -> None:
        host = EngineHost()
        try:
            await host.load(model or paths.built_in_model())
            await scenario(host)
        finally:
            await host.close()

    asyncio.run(main())


async def asked(host: EngineHost, *reasoning: bool) -> tuple[Turn, ...]:
    """A chat whose answers were asked for with these settings of the reasoning switch."""
    conversation = Conversation(host)
    for question, on in zip(QUESTIONS, reasoning, strict=False):
        options = AnswerOptions(sampling=MIXED, reasoning=on, max_tokens=60)
        await conversation.send(question, options)
    return conversation.turns


async def check_every_token(host: EngineHost, turns: tuple[Turn, ...], *, recomputed: bool) -> None:
    replayer = Replayer(host)
    for turn in turns[1::2]:
        for index, token in enumerate(turn.tokens):
            own = drawing(turn, index).sampling
            found = await replayer.replay(turns, turn.id, index, own or MIXED, Look(trace=True))
            assert found
            assert found.trace
            assert found.trace.draw
            assert own is None or found.trace.draw.token == token.id
            assert found.recomputed == recomputed
            assert distance(token, found) <= EXACT
            again = next(each for each in found.alternatives if each.id == token.id)
            assert again.sampled_logprob == pytest.approx(token.sampled_logprob, abs=1e-4)


@pytest.mark.parametrize("reasoning", [(True, True), (False, False), (True, False), (False, True)])
def test_every_token_of_a_chat_replays_now_and_after_a_restart(reasoning: tuple[bool, bool]):
    kept: list[tuple[Turn, ...]] = []

    async def first(host: EngineHost) -> None:
        kept.append(await asked(host, *reasoning))
        await check_every_token(host, kept[0], recomputed=False)

    async def second(host: EngineHost) -> None:
        turns = kept[0]
        replayer = Replayer(host)
        for turn in turns[1::2]:
            for index in (0, len(turn.tokens) - 1, len(turn.tokens) // 2):
                found = await replayer.replay(turns, turn.id, index, MIXED)
                assert found
                assert found.recomputed
                assert distance(turn.tokens[index], found) <= EXACT

    drive(first)
    drive(second)


def test_another_model_is_refused_in_a_sentence_and_asked_but_once():
    kept: list[tuple[Turn, ...]] = []

    async def first(host: EngineHost) -> None:
        kept.append(await asked(host, True))

    async def second(host: EngineHost) -> None:
        turns = kept[0]
        replayer = Replayer(host)
        for index in (3, 4):
            with pytest.raises(InvalidRequest, match="gives other numbers"):
                await replayer.replay(turns, turns[1].id, index, MIXED)

    drive(first)
    drive(second, paths.built_in_model().with_name("candor-small-draft"))


def test_a_changed_question_is_never_taken_for_the_original():
    async def scenario(host: EngineHost) -> None:
        turns = await asked(host, True)
        changed = (replace(turns[0], text="What is 348 + 277?"), turns[1])
        index = next(i for i, token in enumerate(turns[1].tokens) if token.text.strip() == "6")
        with pytest.raises(InvalidRequest, match="gives other numbers"):
            await Replayer(host).replay(changed, turns[1].id, index, MIXED)

    drive(scenario)


def test_a_turn_that_left_the_chat_is_said_to_be_gone():
    async def scenario(host: EngineHost) -> None:
        turns = await asked(host, True)
        for turn_id, index in ((99, 0), (turns[0].id, 0), (turns[1].id, 5_000)):
            with pytest.raises(InvalidRequest, match="no longer part"):
                await Replayer(host).replay(turns, turn_id, index, MIXED)

    drive(scenario)


def test_an_answer_can_be_replayed_while_it_grows_and_is_no_other_for_it():
    async def scenario(host: EngineHost) -> None:
        options = AnswerOptions(sampling=MIXED, reasoning=True, max_tokens=60)
        alone = Conversation(host)
        await alone.send(QUESTIONS[0], options)
        conversation, replayer = Conversation(host), Replayer(host)
        looks: list[asyncio.Task[object]] = []

        def look(change: object) -> None:
            if isinstance(change, TurnGrew):
                turns = conversation.turns
                work = replayer.replay(turns, change.turn_id, len(looks) // 2, MIXED)
                looks.append(asyncio.create_task(work))

        conversation.observe(look)
        await conversation.send(QUESTIONS[0], options)
        found = [each for each in await asyncio.gather(*looks) if each]
        assert found
        ids = [token.id for token in conversation.turns[1].tokens]
        assert ids == [token.id for token in alone.turns[1].tokens]

    drive(scenario)


def test_a_lost_worker_is_said_and_the_next_replay_works():
    async def scenario(host: EngineHost) -> None:
        turns = await asked(host, True)
        assert host.worker
        replayer = Replayer(host)
        look = asyncio.create_task(replayer.replay(turns, turns[1].id, 3, MIXED))
        await asyncio.sleep(0)
        os.kill(host.worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await look
        again = await replayer.replay(turns, turns[1].id, 3, MIXED)
        assert again
        assert again.recomputed

    drive(scenario)
