"""The parent's hold on one worker process: how it is started, watched and ended.

A launch command in; a frame channel, a log of its standard error and an exit status out. It knows
nothing of requests.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import IO, cast

from app import paths
from app.errors import WorkerLost
from app.logs import worker_level
from app.worker.channel import FrameChannel
from app.worker.exits import describe_exit

_LONGEST_LINE = 8192
_LIBRARY_PATH = "LD_LIBRARY_PATH"

_log = logging.getLogger(__name__)


def worker_command(interpreter: str | None = None) -> list[str]:
    """How a worker is started: by a pack's interpreter, or by this very program, frozen or not.

    `-P` keeps the working folder off the module path: a folder `app` in it must not run. `-I`, for
    a pack, does so too and leaves out whatever else the environment would add.
    """
    if interpreter is not None:
        return [interpreter, "-I", "-m", "app", "--worker"]
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    return [sys.executable, "-P", "-m", "app", "--worker"]


def helper_command(role: str) -> list[str]:
    """How a worker starts its own program once more, as apart from its environment as it is."""
    if getattr(sys, "frozen", False):
        return [sys.executable, role]
    return [sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "app", role]


class WorkerProcess:
    """A running worker.

    Raises:
        WorkerLost: the command cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        try:
            self._process = _spawn(command)
        except OSError as error:
            raise WorkerLost(
                f"The worker process could not be started: {error.strerror or error}.",
                "Install Candor again.",
            ) from error
        self.channel = FrameChannel(
            cast(FileIO, self._process.stdout), cast(FileIO, self._process.stdin)
        )
        self._errors = threading.Thread(target=self._copy_errors, name="worker log", daemon=True)
        self._errors.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def terminate(self) -> None:
        """Ask the system to end it."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, even if it is stopped."""
        self._process.kill()

    def wait(self, patience: float) -> str:
        """Wait for the end, killing it after `patience` seconds, and say how it ended."""
        try:
            status = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self._errors.join(1)  # what it started may still hold the stream
        self.channel.close_reader()
        return describe_exit(status)

    def _copy_errors(self) -> None:
        """Put what the worker and its libraries print into the log, line by line."""
        with cast(IO[bytes], self._process.stderr) as errors:
            while line := errors.readline(_LONGEST_LINE):
                text = line.decode(errors="replace").rstrip()
                _log.log(worker_level(text), "worker %d: %s", self.pid, text)


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the command with three pipes of its own, out of reach of the terminal's Ctrl+C."""
    return subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_working_folder(),
        env=_environment(command[0]),
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _environment(program: str) -> dict[str, str] | None:
    """A frozen program finds its libraries by variables that must not reach another program."""
    if not getattr(sys, "frozen", False) or program == sys.executable:
        return None
    kept = {name: value for name, value in os.environ.items() if name != _LIBRARY_PATH}
    original = os.environ.get(f"{_LIBRARY_PATH}_ORIG")
    return kept if original is None else kept | {_LIBRARY_PATH: original}


def _working_folder() -> Path:
    """A folder of ours: the profile, or what came with the program where there can be none."""
    folder = paths.profile()
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder if os.access(folder, os.X_OK) else paths.resources()
