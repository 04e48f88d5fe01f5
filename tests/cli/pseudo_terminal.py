"""A person's terminal for the real program: keys in, the raw bytes of the screen out."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from types import TracebackType
from typing import Self

from tests.cli.program import COMMAND, PATIENCE_S, Program, only_child

STYLE = re.compile(r"\x1b\[[0-9;]*m")


class PseudoTerminal:
    """Runs `candor` with all three streams on a terminal of its own, for a `with` block."""

    def __init__(self, program: Program, *arguments: str, **changes: str) -> None:
        self._screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=program.environment(**changes),
            start_new_session=True,
        )
        os.close(theirs)
        self.raw = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._screen)

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def press_ctrl_c(self) -> None:
        """As the terminal does for the program in its foreground."""
        self.process.send_signal(signal.SIGINT)

    def read_until(self, wanted: str) -> str:
        """Everything shown since the last call up to `wanted`, without its styles."""
        seen, deadline = "", time.monotonic() + PATIENCE_S
        while wanted not in STYLE.sub("", seen):
            assert time.monotonic() < deadline, f"{wanted!r} never came after {seen!r}"
            seen += self._read(0.2)
        self.raw += seen
        return STYLE.sub("", seen)

    def finish(self) -> int:
        """Read to the end of the program and return its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.raw += self._read(0.05)
        self.raw += self._read(0.05)
        return self.process.returncode

    @property
    def text(self) -> str:
        """All that was read, without its styles."""
        return STYLE.sub("", self.raw)

    def worker(self) -> int:
        """The process id of the program's only child."""
        return only_child(self.process.pid)

    def _read(self, patience: float) -> str:
        if not select.select([self._screen], [], [], patience)[0]:
            return ""
        try:
            return os.read(self._screen, 65536).decode(errors="replace")
        except OSError:  # Linux says so when nobody holds the other end any more
            return ""
