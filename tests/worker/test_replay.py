"""Replays through the real worker: alone, between the ticks of an answer, replaced, cancelled."""

import asyncio
from pathlib import Path

import pytest

from app import paths
from app.domain.events import Delta, Event, Finished, FinishReason, Replayed
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Load, Replay
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.worker.client import WorkerClient
from tests.worker.harness import asking, collect, loaded, started, token_ids

PROMPT = IdsPrompt((3, 4, 5))
MIXED = SamplingParams(seed=1, temperature=0.7, top_k=30, top_p=0.9, repetition_penalty=1.2)


def looking(*answer: int, sampling: SamplingParams = MIXED, tokens: tuple[int, ...] = ()) -> Replay:
    return Replay(prompt=PROMPT, answer=answer, sampling=sampling, tokens=tokens)


def records(events: list[Event]) -> list[TokenRecord]:
    return [token for event in events if isinstance(event, Delta) for token in event.tokens]


async def replayed(client: WorkerClient, request: Replay) -> Replayed:
    events = await collect(client.submit(request))
    assert len(events) == 1
    assert isinstance(events[0], Replayed)
    return events[0]


def test_a_chat_replays_equal_to_its_records_also_in_another_worker() -> None:
    prompt = ChatPrompt((Message(Role.USER, "What is 348 + 276?"),))
    request = Generate(prompt=prompt, sampling=MIXED, max_tokens=40)

    async def check(client: WorkerClient, answer: list[TokenRecord], *, recomputed: bool) -> None:
        for index, token in enumerate(answer):
            found = await replayed(
                client,
                Replay(
                    prompt=prompt,
                    answer=tuple(each.id for each in answer[:index]),
                    sampling=MIXED,
                    tokens=(token.id,),
                ),
            )
            own = next(each for each in found.alternatives if each.id == token.id)
            within = 1e-4 if recomputed else 1e-6
            assert found.recomputed == recomputed
            assert own.data == token.data
            assert own.logprob == pytest.approx(token.logprob, abs=within)
            assert own.sampled_logprob == pytest.approx(token.sampled_logprob, abs=within)

    async def scenario() -> None:
        async with loaded(paths.built_in_model()) as client:
            answer = records(await collect(client.submit(request)))
            await check(client, answer, recomputed=False)
        async with loaded(paths.built_in_model()) as client:
            await check(client, answer, recomputed=True)

    asyncio.run(scenario())


def test_an_answer_goes_on_unchanged_while_older_tokens_are_replayed(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            alone = token_ids(await collect(client.submit(asking(300))))
            seen: list[Event] = []
            between = 0
            async for event in client.submit(asking(300)):
                seen.append(event)
                if isinstance(event, Delta) and between < 12:
                    between += 1
                    found = await replayed(client, looking(*alone[:between], 70 + between))
                    assert found.recomputed
            assert token_ids(seen) == alone
            assert between == 12

    asyncio.run(scenario())


def test_a_newer_replay_takes_the_place_of_a_waiting_one(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            loading = client.submit(Load(str(model)))  # replays wait for it
            streams = [client.submit(looking(token)) for token in (10, 11, 12)]
            await collect(loading)
            first, second, third = [(await collect(stream))[-1] for stream in streams]
            for event in (first, second):
                assert isinstance(event, Finished)
                assert event.reason is FinishReason.CANCELLED
            assert isinstance(third, Replayed)

    asyncio.run(scenario())


def test_a_cancelled_replay_ends_and_the_worker_goes_on(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            long = Replay(prompt=IdsPrompt((7,) * 12_000), answer=(), sampling=MIXED)
            stream = client.submit(long)
            stream.cancel()
            last = (await collect(stream))[-1]
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED
            assert (await replayed(client, looking(9))).kept > 0

    asyncio.run(scenario())


def test_a_replay_that_cannot_be_is_a_sentence_and_hurts_no_answer(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            answer = client.submit(asking(200))
            await anext(answer)
            with pytest.raises(InvalidRequest, match="does not exist"):
                await collect(client.submit(looking(5_000_000)))
            assert len(token_ids(await collect(answer))) > 150

    asyncio.run(scenario())


def test_without_a_model_there_is_nothing_to_replay() -> None:
    async def scenario() -> None:
        async with started() as client:
            with pytest.raises(InvalidRequest, match="No model is loaded"):
                await collect(client.submit(looking(1)))

    asyncio.run(scenario())


def test_another_model_keeps_no_row_of_the_one_before(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            ids = token_ids(await collect(client.submit(asking(5))))
            assert not (await replayed(client, looking(*ids[:3]))).recomputed
            await collect(client.submit(Load(str(model))))
            assert (await replayed(client, looking(*ids[:3]))).recomputed

    asyncio.run(scenario())
