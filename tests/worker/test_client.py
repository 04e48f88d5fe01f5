"""Requests through the real worker: their events, their order, their failures, their ends."""

import asyncio
import gc
import os
import threading
from pathlib import Path

import pytest

from app.domain.events import Delta, Finished, FinishReason, Loaded, Progress, Stage
from app.domain.requests import Generate, IdsPrompt, Load, Score, TextPrompt
from app.errors import InvalidRequest, ModelNotFound, WorkerLost
from app.worker.client import WorkerClient
from app.worker.process import worker_command
from app.worker.protocol import PROTOCOL
from app.worker.stream import Stream
from tests.worker.harness import ENDLESS, asking, collect, is_alive, loaded, started, token_ids

SOON = 4000
"""Tokens: a quarter of an ENDLESS answer."""
SLOTS = 8
"""Requests of the test model that run at once."""


def test_the_worker_greets_with_its_versions_and_devices() -> None:
    async def scenario() -> None:
        client = WorkerClient(worker_command())
        hello = await client.start()
        assert hello.protocol == PROTOCOL
        assert hello.pid == client.pid
        assert hello.versions.keys() == {"candor", "python", "onnxruntime", "numpy", "tokenizers"}
        assert "CPUExecutionProvider" in hello.providers
        await client.close()
        assert not is_alive(hello.pid)

    asyncio.run(scenario())


def test_a_model_loads_with_progress_and_then_answers(model: Path) -> None:
    async def scenario() -> None:
        async with started() as client:
            *steps, last = await collect(client.submit(Load(str(model))))
            assert isinstance(last, Loaded)
            assert last.model.context_length == 16_384
            assert last.model.slots == SLOTS
            assert steps
            assert all(isinstance(step, Progress) and step.stage is Stage.LOAD for step in steps)
            events = await collect(client.submit(asking(30)))
            assert isinstance(events[-1], Finished)
            assert events[-1].usage.completion_tokens == len(token_ids(events)) == 30

    asyncio.run(scenario())


def test_a_text_is_scored_token_by_token(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            ids = tuple(range(2, 90)) * 3
            events = await collect(client.submit(Score(prompt=IdsPrompt(ids))))
            assert token_ids(events) == list(ids)
            assert {event.stage for event in events if isinstance(event, Progress)} == {Stage.SCORE}
            assert isinstance(events[-1], Finished)

    asyncio.run(scenario())


def test_same_seed_same_tokens(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            first, second, other = [
                token_ids(await collect(client.submit(asking(40, seed=seed)))) for seed in (1, 1, 2)
            ]
            assert first == second != other

    asyncio.run(scenario())


def test_a_failure_is_its_own_error_and_the_worker_stays(model: Path) -> None:
    async def scenario() -> None:
        async with started() as client:
            with pytest.raises(InvalidRequest, match="No model is loaded"):
                await collect(client.submit(asking(1)))
            with pytest.raises(ModelNotFound):
                await collect(client.submit(Load(str(model / "nowhere"))))
            await collect(client.submit(Load(str(model))))
            with pytest.raises(InvalidRequest, match="tokenizer"):
                await collect(client.submit(Generate(prompt=TextPrompt("a"))))
            assert len(token_ids(await collect(client.submit(asking(3))))) == 3

    asyncio.run(scenario())


def test_a_failed_load_leaves_no_model(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            with pytest.raises(ModelNotFound):
                await collect(client.submit(Load(str(model / "nowhere"))))
            with pytest.raises(InvalidRequest, match="No model is loaded"):
                await collect(client.submit(asking(1)))

    asyncio.run(scenario())


def test_a_load_that_is_cancelled_leaves_no_half_model(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            loading = client.submit(Load(str(model)))
            await anext(loading)
            loading.cancel()
            last = (await collect(loading))[-1]
            if isinstance(last, Loaded):  # it was faster than the cancel
                await collect(client.submit(asking(1)))
            else:
                assert isinstance(last, Finished)
                assert last.reason is FinishReason.CANCELLED
                with pytest.raises(InvalidRequest, match="No model is loaded"):
                    await collect(client.submit(asking(1)))

    asyncio.run(scenario())


def test_what_cannot_be_sent_is_refused_at_once() -> None:
    async def scenario() -> None:
        async with started() as client:
            with pytest.raises(InvalidRequest, match="surrogate"):
                client.submit(Generate(prompt=TextPrompt("\ud800")))

    asyncio.run(scenario())


def test_cancel_finishes_within_one_token(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            stream = client.submit(ENDLESS)
            events = []
            async for event in stream:
                events.append(event)
                if isinstance(event, Delta):
                    stream.cancel()
            assert isinstance(events[-1], Finished)
            assert events[-1].reason is FinishReason.CANCELLED
            assert events[-1].usage.completion_tokens == len(token_ids(events)) < SOON

    asyncio.run(scenario())


def test_a_waiting_request_is_cancelled_without_waiting(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            running = [client.submit(ENDLESS) for _ in range(SLOTS)]
            waiting = client.submit(ENDLESS)
            for stream in running:
                await anext(stream)
            waiting.cancel()
            (only,) = await collect(waiting)
            assert isinstance(only, Finished)
            assert only.reason is FinishReason.CANCELLED
            for stream in running:
                stream.cancel()
                last = (await collect(stream))[-1]
                assert isinstance(last, Finished)
                assert last.reason is FinishReason.CANCELLED, "it had not ended before"

    asyncio.run(scenario())


def test_an_abandoned_stream_frees_the_worker(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            async for event in client.submit(ENDLESS):
                if isinstance(event, Delta):
                    break
            gc.collect()
            closed = client.submit(ENDLESS)
            await anext(closed)
            await closed.aclose()
            assert await collect(closed) == []
            events = await asyncio.wait_for(collect(client.submit(asking(5))), 10)
            assert len(token_ids(events)) == 5

    asyncio.run(scenario())


def test_a_storm_of_cancels_leaves_the_worker_idle_and_right(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            expected = token_ids(await collect(client.submit(asking(20))))
            for number in range(200):
                await _start_and_leave(client.submit(ENDLESS), number)
            assert token_ids(await collect(client.submit(asking(20)))) == expected

    asyncio.run(scenario())


def test_a_stalled_consumer_does_not_stop_others(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            stalled = client.submit(asking(500))
            await anext(stalled)
            other = await asyncio.wait_for(collect(client.submit(asking(10))), 30)
            assert len(token_ids(other)) == 10
            assert len(token_ids(await collect(stalled))) == 500

    asyncio.run(scenario())


def test_two_loops_share_one_worker(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            found: list[list[int]] = []

            def elsewhere() -> None:
                async def ask() -> None:
                    found.append(token_ids(await collect(client.submit(asking(50)))))

                asyncio.run(ask())

            thread = threading.Thread(target=elsewhere)
            thread.start()
            here = token_ids(await collect(client.submit(asking(50))))
            await asyncio.to_thread(thread.join)
            assert found == [here]

    asyncio.run(scenario())


def test_a_loop_that_closed_loses_its_request_only(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            kept = []

            async def leave() -> None:
                kept.append(client.submit(ENDLESS))
                await anext(kept[0])

            await asyncio.to_thread(asyncio.run, leave())
            events = await asyncio.wait_for(collect(client.submit(asking(5))), 10)
            assert len(token_ids(events)) == 5

    asyncio.run(scenario())


def test_requests_after_the_end_say_so(model: Path) -> None:
    async def scenario() -> None:
        client = WorkerClient()
        with pytest.raises(WorkerLost, match="not been started"):
            await collect(client.submit(asking(1)))
        await client.close()
        async with loaded(model) as client:
            open_stream = client.submit(ENDLESS)
            await anext(open_stream)
            await client.close()
            assert await client.ended() is None
            with pytest.raises(WorkerLost, match="closed"):
                await collect(open_stream)
            with pytest.raises(WorkerLost, match="closed"):
                await collect(client.submit(asking(1)))

    asyncio.run(scenario())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_an_idle_worker_rests(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            await collect(client.submit(asking(50)))
            await asyncio.sleep(0.3)
            before = _cpu_seconds(client.pid or 0)
            await asyncio.sleep(1)
            assert _cpu_seconds(client.pid or 0) - before < 0.2

    asyncio.run(scenario())


async def _start_and_leave(stream: Stream, number: int) -> None:
    if number % 2:
        stream.cancel()
    if number % 3 == 0:
        await anext(stream)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_first_token_does_not_wait_for_others(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            stream = client.submit(ENDLESS)
            async for event in stream:
                if isinstance(event, Delta):
                    assert len(event.tokens) < SOON
                    break
            stream.cancel()
            last = (await collect(stream))[-1]
            assert isinstance(last, Finished)
            assert last.usage.completion_tokens < SOON

    asyncio.run(scenario())
