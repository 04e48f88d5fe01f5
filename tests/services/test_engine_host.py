"""The host over the real worker: loading, restarting, giving up, closing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app import paths
from app.domain.events import Delta, Event, Finished, FinishReason, Progress, Stage
from app.domain.requests import Prepare, Provider
from app.errors import InvalidRequest, ModelNotFound, WorkerLost
from app.services.crashes import MOST_CRASHES
from app.services.engine_host import EngineHost, HostState, HostStatus
from app.worker.client import WorkerClient
from tests.engine.graphs import small_model, write_folder
from tests.engine.prepare.spelled import Style, decoder
from tests.engine.reference import Shape
from tests.worker.harness import ENDLESS, asking, collect, is_alive, script, token_ids

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("models") / "small", Shape(context=16_384))


@asynccontextmanager
async def hosting(host: EngineHost | None = None) -> AsyncIterator[EngineHost]:
    host = host or EngineHost()
    try:
        yield host
    finally:
        await host.close()


def kill(host: EngineHost, sent: int = getattr(signal, "SIGKILL", 9)) -> None:
    assert host.worker is not None
    os.kill(host.worker.pid, sent)


async def until(host: EngineHost, state: HostState) -> None:
    async with asyncio.timeout(60):
        while host.status.state is not state:
            await asyncio.sleep(0.01)


async def interrupted(host: EngineHost) -> list[Event]:
    """Kill the worker after the third token and return what was received."""
    received: list[Event] = []

    async def receive() -> None:
        async for event in host.generate(ENDLESS):
            received.append(event)
            if len(token_ids(received)) >= 3 and host.worker is not None:
                kill(host)

    with pytest.raises(WorkerLost):
        await receive()
    return received


def test_loading_is_told_step_by_step(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            assert host.status == HostStatus(HostState.STOPPED)
            seen: list[HostStatus] = []
            forget = host.observe(seen.append)
            info = await host.load(model)
            assert host.status == HostStatus(HostState.READY, info)
            states = list(dict.fromkeys(status.state for status in seen))
            assert states == [HostState.STARTING, HostState.LOADING, HostState.READY]
            assert [s.progress for s in seen if isinstance(s.progress, Progress)]
            forget()
            told = len(seen)
            await host.load(model)
            assert len(seen) == told

    asyncio.run(scenario())


def test_a_relative_path_is_meant_from_here(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            assert (await host.load(model.name)).path == str(model)

    monkeypatch.chdir(model.parent)
    asyncio.run(scenario())


def test_a_request_during_the_load_waits_for_it(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            loading = asyncio.create_task(host.load(model))
            await until(host, HostState.STARTING)
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3
            await loading

    asyncio.run(scenario())


def test_an_answer_is_cancelled_dropped_or_closed(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            await host.load(model)
            answer = host.generate(ENDLESS)
            events = []
            async for event in answer:
                events.append(event)
                if isinstance(event, Delta):
                    answer.cancel()
            assert isinstance(events[-1], Finished)
            assert events[-1].reason is FinishReason.CANCELLED

            early = host.generate(ENDLESS)
            early.cancel()
            (last,) = (await collect(early))[-1:]
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED

            left = host.generate(ENDLESS)
            await anext(left)
            await left.aclose()
            assert await collect(left) == []
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


def test_without_a_model_every_request_says_so(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            with pytest.raises(InvalidRequest, match="No model is loaded"):
                await collect(host.generate(asking(1)))
            with pytest.raises(ModelNotFound) as failed:
                await host.load(model / "nowhere")
            assert host.status.state is HostState.FAILED
            assert host.status.sentence == str(failed.value)
            pid = host.worker and host.worker.pid
            with pytest.raises(ModelNotFound):
                await collect(host.generate(asking(1)))
            await host.load(model)
            assert host.worker is not None
            assert host.worker.pid == pid, "a sound worker must be kept"
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


@posix
def test_a_killed_worker_is_started_again_and_the_next_request_works(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            info = await host.load(model)
            seen: list[HostStatus] = []
            host.observe(seen.append)
            expected = token_ids(await collect(host.generate(asking(10))))
            first = host.worker
            received = await interrupted(host)
            assert len(token_ids(received)) >= 3
            begin = asyncio.get_running_loop().time()
            assert token_ids(await collect(host.generate(asking(10)))) == expected
            assert asyncio.get_running_loop().time() - begin < 10
            assert first != host.worker
            restarts = [status for status in seen if status.state is HostState.RESTARTING]
            assert restarts[0].model == info
            assert "SIGKILL" in restarts[0].sentence
            assert {status.state for status in seen} == {HostState.RESTARTING, HostState.READY}

    asyncio.run(scenario())


@posix
def test_a_request_between_a_loss_and_its_news_waits_too(model: Path) -> None:
    class Lingering(WorkerClient):
        """Takes its time to be cleared away."""

        async def close(self, patience: float = 2.0) -> None:
            await asyncio.sleep(0.2)
            await super().close(patience)

    async def scenario() -> None:
        async with hosting(EngineHost(lambda provider: Lingering())) as host:
            await host.load(model)
            kill(host)
            while host.worker is not None:
                await asyncio.sleep(0)
            assert host.status.state is HostState.READY, "nobody knows yet"
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


@posix
def test_an_idle_worker_that_dies_is_started_again(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            await host.load(model)
            kill(host)
            await until(host, HostState.RESTARTING)
            await until(host, HostState.READY)

    asyncio.run(scenario())


@posix
def test_a_worker_that_dies_while_it_comes_back_is_tried_once_more(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            await host.load(model)
            kill(host)
            await until(host, HostState.RESTARTING)
            while host.worker is None:
                await asyncio.sleep(0)
            kill(host)
            await until(host, HostState.READY)
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


@posix
def test_it_gives_up_after_too_many_crashes_until_asked_again(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            await host.load(model)
            for _ in range(MOST_CRASHES):
                await interrupted(host)
            await until(host, HostState.STOPPED)
            assert "third time within a minute" in host.status.sentence
            with pytest.raises(WorkerLost, match="third time"):
                await collect(host.generate(asking(1)))
            await host.load(model)
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


@posix
def test_a_crash_without_a_model_starts_nothing(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            with pytest.raises(ModelNotFound):
                await host.load(model / "nowhere")
            kill(host)
            while host.worker is not None:
                await asyncio.sleep(0.01)
            assert host.status.state is HostState.FAILED
            await host.load(model)
            assert host.status.state is HostState.READY

    asyncio.run(scenario())


def test_a_load_that_crashes_the_worker_is_not_tried_again() -> None:
    """A greeting worker that falls over at its first command."""
    crashing = script("""
        greet().receive()
        os.abort()
    """)
    made: list[WorkerClient] = []

    def make(provider: Provider) -> WorkerClient:
        made.append(WorkerClient(crashing))
        return made[-1]

    async def scenario() -> None:
        async with hosting(EngineHost(make)) as host:
            with pytest.raises(WorkerLost):
                await host.load("anything")
            await asyncio.sleep(0.3)
            assert host.status.state is HostState.FAILED
            assert len(made) == 1

    asyncio.run(scenario())


def test_a_worker_that_cannot_start_is_a_sentence() -> None:
    async def scenario() -> None:
        async with hosting(EngineHost(lambda provider: WorkerClient(["/nowhere/candor"]))) as host:
            with pytest.raises(WorkerLost, match="could not be started"):
                await host.load("anything")
            assert host.status.state is HostState.FAILED

    asyncio.run(scenario())


def test_a_cancelled_load_leaves_a_usable_host(model: Path) -> None:
    async def scenario() -> None:
        async with hosting() as host:
            loading = asyncio.create_task(host.load(model))
            await until(host, HostState.LOADING)
            loading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await loading
            assert host.status.state is HostState.STOPPED
            await host.load(model)
            assert len(token_ids(await collect(host.generate(asking(3))))) == 3

    asyncio.run(scenario())


def test_closing_ends_answers_restarts_and_the_process(model: Path) -> None:
    async def scenario() -> None:
        host = EngineHost()
        await host.load(model)
        assert host.worker is not None
        pid = host.worker.pid
        answer = host.generate(ENDLESS)
        await anext(answer)
        await host.close()
        with pytest.raises(WorkerLost, match="closed"):
            await collect(answer)
        with pytest.raises(WorkerLost, match="closed"):
            await collect(host.generate(asking(1)))
        assert host.status.state is HostState.STOPPED
        assert not is_alive(pid)

    asyncio.run(scenario())


def test_closing_amid_a_load_leaves_no_process(model: Path) -> None:
    async def scenario() -> None:
        for state in (HostState.STARTING, HostState.LOADING):
            host = EngineHost()
            loading = asyncio.create_task(host.load(model))
            await until(host, state)
            await host.close()
            with pytest.raises(WorkerLost, match="closed"):
                await loading
            with pytest.raises(WorkerLost, match="closed"):
                await host.load(model)
            assert host.status.state is HostState.STOPPED

    asyncio.run(scenario())
    assert _children() == []


@posix
def test_closing_amid_a_restart_leaves_no_process(model: Path) -> None:
    async def scenario() -> None:
        host = EngineHost()
        await host.load(model)
        kill(host)
        await until(host, HostState.RESTARTING)
        await asyncio.sleep(0.1)
        await host.close()
        assert host.status.state is HostState.STOPPED

    asyncio.run(scenario())
    assert _children() == []


def _children() -> list[str]:
    if not sys.platform.startswith("linux"):
        return []
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def test_a_model_is_prepared_and_open_again(tmp_path: Path) -> None:
    shape = Shape(layers=1)
    folder = write_folder(tmp_path / "spelled", decoder(Style(), shape), shape)

    async def scenario() -> None:
        async with hosting() as host:
            before = await host.load(folder)
            told: list[HostStatus] = []
            host.observe(told.append)
            report = await host.prepare(Prepare(str(folder)))
            states = list(dict.fromkeys(status.state for status in told))
            assert states == [HostState.PREPARING, HostState.LOADING, HostState.READY]
            assert all(s.model == before for s in told if s.state is HostState.PREPARING)
            after = await host.ready()
            assert (before.preparation.stored, after.preparation) == (False, report.preparation)

    asyncio.run(scenario())


@posix
@pytest.mark.parametrize("kill_it", [False, True])
def test_a_preparation_that_is_broken_off_leaves_the_model_open(
    tmp_path: Path, kill_it: bool
) -> None:
    shape = Shape(layers=1, vocabulary=20_000)
    folder = write_folder(tmp_path / "spelled", decoder(Style(), shape), shape)

    async def scenario() -> None:
        async with hosting() as host:
            info = await host.load(folder)
            work = asyncio.ensure_future(host.prepare(Prepare(str(folder))))
            comparing = asyncio.Event()

            def watch(status: HostStatus) -> None:
                if status.progress is not None and status.progress.stage is Stage.COMPARE:
                    comparing.set()

            host.observe(watch)
            await comparing.wait()
            kill(host) if kill_it else work.cancel()
            with pytest.raises(WorkerLost if kill_it else asyncio.CancelledError):
                await work
            assert await host.ready() == info
            assert list(paths.prepared().glob("*/")) == []

    asyncio.run(scenario())
