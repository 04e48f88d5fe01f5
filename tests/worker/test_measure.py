"""Measurements through the real worker: what they say, that they can be cancelled or refused."""

import asyncio
from pathlib import Path

import pytest

from app.domain.events import Finished, FinishReason, Measured, Progress
from app.domain.requests import Measure
from app.errors import ContextExceeded, InvalidRequest
from tests.worker.harness import asking, collect, loaded, token_ids

SMALL = Measure(context=20, widths=(1, 2, 8), repeats=2)


def test_every_width_is_timed_and_progress_told(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            events = await collect(client.submit(SMALL))
        *progress, measured = events
        assert isinstance(measured, Measured)
        assert len(measured.seconds) == 3
        assert min(measured.seconds) > 0
        assert measured.read_bytes_per_s > 1e8
        assert measured.weight_bytes > 0
        assert measured.cache_bytes_per_token > 0
        assert [each.done for each in progress if isinstance(each, Progress)] == [0] * 3 + [
            1
        ] * 3 + [2] * 3

    asyncio.run(scenario())


def test_a_measurement_leaves_answers_as_they_were(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            before = token_ids(await collect(client.submit(asking(12))))
            await collect(client.submit(SMALL))
            assert token_ids(await collect(client.submit(asking(12)))) == before

    asyncio.run(scenario())


def test_a_measurement_can_be_cancelled(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            stream = client.submit(Measure(context=20, widths=(1, 2), repeats=100_000))
            await anext(stream)
            stream.cancel()
            last = (await collect(stream))[-1]
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (Measure(context=20, widths=()), InvalidRequest, "a width"),
        (Measure(context=20, widths=(0,)), InvalidRequest, "a width"),
        (Measure(context=10**6, widths=(1,)), ContextExceeded, "1,000,001"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    model: Path, wanted: Measure, error: type[Exception], words: str
) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            with pytest.raises(error, match=words):
                await collect(client.submit(wanted))

    asyncio.run(scenario())
