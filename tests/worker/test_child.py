"""The child seen from outside: bad frames, what it may touch, what it must not carry."""

import asyncio
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import cast

import msgspec
import pytest

from app.domain.events import Event, Failed, Heartbeat, Hello, Loaded
from app.domain.requests import Generate, Load, TextPrompt
from app.worker.channel import Closed, FrameChannel
from app.worker.process import worker_command
from app.worker.protocol import CONTROL, Request, decode_replies, encode_request
from tests.worker.harness import asking, collect, loaded, token_ids


class RawWorker:
    """The real worker process and its bare pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.channel = FrameChannel(cast(FileIO, process.stdout), cast(FileIO, process.stdin))
        self._seen: list[tuple[int, Event]] = []

    def write(self, data: bytes) -> None:
        cast(FileIO, self.process.stdin).write(data)

    def next(self) -> tuple[int, Event]:
        """The next event that is no sign of life."""
        while not self._seen:
            replies = decode_replies(self.channel.receive())
            self._seen = [(r.id, r.event) for r in replies if not isinstance(r.event, Heartbeat)]
        return self._seen.pop(0)


@contextmanager
def raw_worker(folder: Path, **environment: str) -> Iterator[RawWorker]:
    """Start the worker in `folder`; variables set to nothing are removed."""
    merged = os.environ | environment
    kept = {name: value for name, value in merged.items() if environment.get(name, value)}
    with subprocess.Popen(
        worker_command(),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=kept,
    ) as process:
        worker = RawWorker(process)
        assert isinstance(worker.next()[1], Hello)
        yield worker
        worker.channel.close_writer()
        assert process.wait(5) is not None


def test_a_bad_frame_is_named_and_the_worker_stays(tmp_path: Path, model: Path) -> None:
    with raw_worker(tmp_path) as worker:
        worker.channel.send(b"\xc1 no msgpack")
        assert _failure(worker.next(), CONTROL).startswith("The frame holds no request")
        worker.channel.send(msgspec.msgpack.encode({"id": 5, "command": {"type": "dance"}}))
        assert "dance" in _failure(worker.next(), 5)
        worker.channel.send(encode_request(Request(6, Load(str(model)))))
        while not isinstance((event := worker.next())[1], Loaded):
            assert event[0] == 6


def test_a_stream_out_of_step_ends_the_worker_after_a_word(tmp_path: Path) -> None:
    with raw_worker(tmp_path) as worker:
        worker.write(b"GET / HTTP/1.1\r\n\r\n")
        assert "announces 1,195,725,856 bytes" in _failure(worker.next(), CONTROL)
        with pytest.raises(Closed):
            worker.next()
        assert worker.process.wait(5) == 65


def test_the_end_of_the_pipe_ends_the_worker_amid_a_frame(tmp_path: Path) -> None:
    with raw_worker(tmp_path) as worker:
        worker.write(struct.pack(">I", 1000) + b"half")
        worker.channel.close_writer()
        assert worker.process.wait(5) == 0


def test_nothing_is_left_in_a_home_by_the_runtimes_telemetry(tmp_path: Path, model: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    silent = ["CI", "GITHUB_ACTIONS", "TF_BUILD", "BUILDKITE", "ORT_RUNNING_UNIT_TESTS"]
    cleared = dict.fromkeys([*silent, "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"], "")
    with raw_worker(tmp_path, HOME=str(home), USERPROFILE=str(home), **cleared) as worker:
        worker.channel.send(encode_request(Request(1, Load(str(model)))))
        while not isinstance(worker.next()[1], Loaded):
            pass
    assert list(home.rglob("*")) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_a_library_prints_cannot_reach_the_pipe(tmp_path: Path) -> None:
    with raw_worker(tmp_path) as worker:
        files = Path(f"/proc/{worker.process.pid}/fd")
        assert (files / "0").readlink() == Path(os.devnull)
        assert (files / "1").readlink() == (files / "2").readlink()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux'")
def test_every_thread_of_the_worker_is_off_the_network(tmp_path: Path, model: Path) -> None:
    with raw_worker(tmp_path) as worker:
        worker.channel.send(encode_request(Request(1, Load(str(model)))))
        while not isinstance(worker.next()[1], Loaded):
            pass
        threads = list(Path(f"/proc/{worker.process.pid}/task").iterdir())
        assert len(threads) > 2
        assert all("\nSeccomp:\t2\n" in (each / "status").read_text() for each in threads)


def test_a_folder_named_app_where_it_starts_is_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "app"
    trap.mkdir()
    (trap / "__init__.py").write_text("open('trapped', 'w')")
    (trap / "__main__.py").write_text("open('trapped', 'w')")
    with raw_worker(tmp_path):
        pass
    assert not (tmp_path / "trapped").exists()


def test_prompts_do_not_reach_the_log(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = "canary-4711"

    async def scenario() -> None:
        async with loaded(model) as client:
            with pytest.raises(Exception, match="tokenizer"):
                await collect(client.submit(Generate(prompt=TextPrompt(secret))))

    caplog.set_level("INFO")
    asyncio.run(scenario())
    assert secret not in caplog.text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_worker_carries_no_window(model: Path) -> None:
    async def scenario() -> None:
        async with loaded(model) as client:
            assert len(token_ids(await collect(client.submit(asking(3))))) == 3
            maps = Path(f"/proc/{client.pid}/maps").read_text()
            assert "onnxruntime" in maps
            assert "PySide6" not in maps
            assert "libQt" not in maps

    asyncio.run(scenario())


def test_the_worker_imports_no_window() -> None:
    look = "import app.worker.main, app.worker.scheduler, sys; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", look], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "onnxruntime" in found
    assert not {"PySide6", "qasync"} & set(found)


def test_the_clients_side_imports_no_engine() -> None:
    look = "import app.services.engine_host, sys; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", look], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "app.worker.client" in found
    assert not {"numpy", "onnxruntime", "onnx", "tokenizers", "app.engine"} & set(found)


def _failure(reply: tuple[int, Event], id: int) -> str:
    assert reply[0] == id
    assert isinstance(reply[1], Failed)
    return reply[1].message
