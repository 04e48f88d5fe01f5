"""Several requests in the real worker at once: equal to each alone, and in nobody's way."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from app.domain.events import Delta, Event, Finished, FinishReason, Loaded
from app.domain.requests import Generate, IdsPrompt, Load, Priority, Score
from app.errors import InvalidRequest
from app.worker.client import WorkerClient
from app.worker.stream import Stream
from tests.worker.harness import ENDLESS, asking, collect, loaded, token_ids

SLOTS = 8


def important(request: Generate, priority: Priority) -> Generate:
    return structs.replace(request, priority=priority)


async def all_of(streams: Sequence[Stream]) -> list[list[Event]]:
    return list(await asyncio.gather(*map(collect, streams)))


async def ends(client: WorkerClient, requests: Sequence[Generate]) -> list[int]:
    """The requests by their places, in the order in which they ended."""
    order: list[int] = []

    async def run(place: int, stream: Stream) -> None:
        await collect(stream)
        order.append(place)

    await asyncio.gather(*(run(n, client.submit(request)) for n, request in enumerate(requests)))
    return order


def test_many_at_once_give_what_each_gives_alone(model: Path) -> None:
    requests = [asking(30, seed=seed) for seed in range(2 * SLOTS + 3)]

    async def scenario() -> None:
        async with loaded(model) as client:
            alone = [token_ids(await collect(client.submit(request))) for request in requests]
            together = await all_of([client.submit(request) for request in requests])
            assert [token_ids(events) for events in together] == alone

    asyncio.run(scenario())


def test_requests_advance_side_by_side(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            endless = [client.submit(ENDLESS) for _ in range(SLOTS - 1)]
            short = await asyncio.wait_for(collect(client.submit(asking(20))), 30)
            assert len(token_ids(short)) == 20
            for stream in endless:
                stream.cancel()
            for events in await all_of(endless):
                assert isinstance(events[-1], Finished)
                assert events[-1].reason is FinishReason.CANCELLED
                assert token_ids(events)

    asyncio.run(scenario())


def test_the_window_goes_before_the_api_and_the_api_before_batches(model: Path) -> None:
    batch = [asking(300, seed=1), asking(300, seed=2), *[ENDLESS] * (SLOTS - 2)]
    others = [important(asking(60), Priority.API), asking(60)]

    async def scenario() -> None:
        async with loaded(model) as client:
            alone = [token_ids(await collect(client.submit(request))) for request in batch[:2]]
            running = [client.submit(important(each, Priority.BATCH)) for each in batch]
            for stream in running:
                await anext(stream)
            assert await asyncio.wait_for(ends(client, others), 60) == [1, 0]
            paused = [token_ids(events) for events in await all_of(running[:2])]
            assert paused == alone
            for stream in running[2:]:
                stream.cancel()
            for events in await all_of(running[2:]):
                assert isinstance(events[-1], Finished)
                assert events[-1].reason is FinishReason.CANCELLED, "it had not ended before"

    asyncio.run(scenario())


def test_a_load_waits_for_what_runs_and_is_waited_for(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            before = [client.submit(asking(300)) for _ in range(3)]
            loading = client.submit(Load(str(model)))
            behind = client.submit(asking(5))
            assert not any(isinstance(event, Finished) for event in [await anext(before[0])])
            assert isinstance((await collect(loading))[-1], Loaded)
            for events in await all_of(before):
                assert len(token_ids(events)) >= 299
            assert len(token_ids(await collect(behind))) == 5

    asyncio.run(scenario())


def test_one_that_is_refused_or_cancelled_is_not_the_others(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            expected = token_ids(await collect(client.submit(asking(100))))
            good = [client.submit(asking(100)) for _ in range(2)]
            refused = client.submit(Generate(prompt=IdsPrompt((10**6,))))
            left = client.submit(ENDLESS)
            scored = client.submit(Score(prompt=IdsPrompt(tuple(range(2, 90)) * 5)))
            with pytest.raises(InvalidRequest, match="does not exist"):
                await collect(refused)
            async for event in left:
                if isinstance(event, Delta):
                    left.cancel()
            assert token_ids(await collect(scored)) == [*range(2, 90)] * 5
            assert [token_ids(events) for events in await all_of(good)] == [expected] * 2

    asyncio.run(scenario())
