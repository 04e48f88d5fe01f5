"""Every way a worker, or its parent, can end: what was received is kept, and the end is told."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.events import Event, Progress, Stage
from app.domain.requests import Generate, IdsPrompt, Load, TextPrompt
from app.errors import WorkerLost
from app.worker.client import WorkerClient
from tests.worker.harness import (
    ENDLESS,
    asking,
    collect,
    is_alive,
    loaded,
    script,
    started,
    token_ids,
    wait_until,
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@posix
@pytest.mark.parametrize(("sent", "says"), [("SIGKILL", "memory runs out"), ("SIGSEGV", "crashed")])
def test_a_killed_worker_keeps_what_it_sent_and_says_how(model: Path, sent: str, says: str) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            pid = client.pid or 0
            received: list[Event] = []

            async def receive() -> None:
                async for event in client.submit(ENDLESS):
                    received.append(event)
                    if len(token_ids(received)) == 5:
                        os.kill(pid, getattr(signal, sent))

            with pytest.raises(WorkerLost, match=says):
                await receive()
            assert len(token_ids(received)) >= 5
            assert isinstance(await client.ended(), WorkerLost)
            with pytest.raises(WorkerLost, match=says):
                await collect(client.submit(asking(1)))
            assert not is_alive(pid)

    asyncio.run(scenario())


@posix
@pytest.mark.parametrize("stage", [Stage.LOAD, Stage.PREFILL])
def test_a_worker_may_die_in_any_stage(model: Path, stage: Stage) -> None:
    command = {
        Stage.LOAD: Load(str(model)),
        Stage.PREFILL: Generate(prompt=IdsPrompt((5,) * 16_000), max_tokens=1),
    }[stage]

    async def is_told() -> bool:
        """Whether the loss was; no, where a busy machine killed only after the stage."""
        async with loaded(model) as client:
            stream = client.submit(command)
            first = await anext(stream)
            assert isinstance(first, Progress)
            assert first.stage is stage
            os.kill(client.pid or 0, signal.SIGKILL)
            try:
                await collect(stream)
            except WorkerLost:
                return True
            return False

    assert any(asyncio.run(is_told()) for _ in range(10))


@posix
def test_every_open_request_learns_of_the_loss(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            streams = [client.submit(ENDLESS) for _ in range(3)]
            await anext(streams[0])
            os.kill(client.pid or 0, signal.SIGKILL)
            ends = await asyncio.gather(*map(collect, streams), return_exceptions=True)
            assert [type(end) for end in ends] == [WorkerLost] * 3

    asyncio.run(scenario())


@posix
def test_a_worker_that_hangs_is_told_apart_and_ended(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model, silence=2.0) as client:
            stream = client.submit(ENDLESS)
            await anext(stream)
            os.kill(client.pid or 0, signal.SIGSTOP)
            with pytest.raises(WorkerLost, match="did not answer for 2 seconds"):
                await asyncio.wait_for(collect(stream), 30)
            assert not is_alive(client.pid or 0)

    asyncio.run(scenario())


@posix
@pytest.mark.expects_log
def test_a_stopped_worker_does_not_stop_its_caller(model: Path) -> None:
    """A request larger than the pipe must wait in our thread, not in the event loop."""

    async def scenario() -> None:
        async with loaded(model) as client:
            os.kill(client.pid or 0, signal.SIGSTOP)
            begin = asyncio.get_running_loop().time()
            for _ in range(3):
                client.submit(Generate(prompt=TextPrompt("long " * 1_000_000)))
            await asyncio.sleep(0)
            assert asyncio.get_running_loop().time() - begin < 1
            await client.close(patience=0.3)
            assert not is_alive(client.pid or 0)

    asyncio.run(scenario())


def test_a_quiet_but_living_worker_is_left_alone(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model, silence=2.0) as client:
            await asyncio.sleep(3)
            assert len(token_ids(await collect(client.submit(asking(3))))) == 3

    asyncio.run(scenario())


@posix
def test_a_parent_that_is_killed_takes_its_worker_along(model: Path, tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.worker.harness import ENDLESS, loaded\n"
        "async def main():\n"
        "    async with loaded(Path(sys.argv[1])) as client:\n"
        "        async for event in client.submit(ENDLESS):\n"
        "            print(client.pid, flush=True)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(parent), str(model)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        pids = {int(process.stdout.readline()) for _ in range(3)}
        worker = pids.pop()
        assert is_alive(worker)
        process.kill()
        wait_until(lambda: not is_alive(worker), 10)


@posix
def test_ctrl_c_is_the_parents_business(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            pid = client.pid or 0
            assert os.getsid(pid) != os.getsid(0)
            os.kill(pid, signal.SIGINT)
            assert len(token_ids(await collect(client.submit(asking(3))))) == 3

    asyncio.run(scenario())


@posix
@pytest.mark.expects_log
def test_a_stubborn_worker_is_ended_step_by_step(caplog: pytest.LogCaptureFixture) -> None:
    stubborn = script("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        channel = greet()
        while True:
            time.sleep(1)
    """)

    async def scenario() -> None:
        client = WorkerClient(stubborn)
        pid = (await client.start()).pid
        await client.close(patience=0.3)
        assert not is_alive(pid)

    asyncio.run(scenario())
    assert [record.args[1] for record in caplog.records if "goes on" in record.msg] == [  # type: ignore[index]
        "finish",
        "terminate",
    ]


def test_closing_twice_or_before_the_start_is_harmless() -> None:
    async def scenario() -> None:
        await WorkerClient().close()
        async with started() as client:
            await asyncio.gather(client.close(), client.close())

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["/nowhere/candor"], "could not be started"),
        (script("print('Usage: candor [OPTIONS]')"), "cannot be read"),
        (script("sys.exit(3)"), "status 3"),
        (script("greet(protocol=99); sys.stdin.read()"), "speaks protocol 99"),
        (script("sys.stdin.read()"), "no answer for 2 s"),
    ],
    ids=["missing", "chatty", "leaving", "other", "silent"],
)
def test_what_is_no_worker_is_refused_with_a_reason(command: list[str], says: str) -> None:
    async def scenario() -> None:
        client = WorkerClient(command)
        with pytest.raises(WorkerLost, match=says):
            await client.start(timeout=2.0 if "2 s" in says else 20.0)
        assert client.lost

    asyncio.run(scenario())


def test_a_cancelled_start_leaves_no_process() -> None:
    async def scenario() -> None:
        client = WorkerClient(script("sys.stdin.read()"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.start()
        assert not is_alive(client.pid or 0)

    asyncio.run(scenario())


def test_garbage_in_the_middle_ends_the_worker_with_a_reason() -> None:
    garbling = script("""
        channel = greet()
        channel.receive()
        channel.send(b"neither msgpack nor replies")
        time.sleep(60)
    """)

    async def scenario() -> None:
        async with started(garbling) as client:
            with pytest.raises(WorkerLost, match="holds no replies"):
                await collect(client.submit(asking(1)))

    asyncio.run(scenario())
