"""One line on standard error that says what a long step is doing.

A terminal sees the line rewritten in place; a log sees it now and then.
Standard output stays the started program's own.
"""

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

TERMINAL_INTERVAL = 0.2
LOG_INTERVAL = 10.0


class Progress:
    """Shows one step at a time: its name, how much of it is done, the seconds since it began."""

    def __init__(
        self, stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._in_place = stream.isatty()
        self._interval = TERMINAL_INTERVAL if self._in_place else LOG_INTERVAL
        self._step = ""
        self._detail = ""
        self._began = 0.0
        self._shown = 0.0

    def start(self, step: str) -> None:
        """Begin a step, or go on with it; the line of the one before stays."""
        if step == self._step:
            self.tick()
            return
        self.finish()
        self._step, self._detail = step, ""
        self._began = self._clock()
        self._show()

    def detail(self, detail: str) -> None:
        """Say how far the step is, such as "12 of 58"."""
        self._detail = detail
        self.tick()

    def tick(self) -> None:
        """Show the line again if it has grown old."""
        if self._step and self._clock() - self._shown >= self._interval:
            self._show()

    def finish(self) -> None:
        """End the step with a last look at its numbers."""
        if not self._step:
            return
        if self._in_place:
            self._show()
            self._stream.write("\n")
        self._step = ""

    def _show(self) -> None:
        self._shown = self._clock()
        seconds = int(self._shown - self._began)
        parts = [self._detail, f"{seconds} s" if seconds else ""]
        line = ": ".join(filter(None, [self._step, ", ".join(filter(None, parts))]))
        if self._in_place:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r" + line[:width].ljust(width))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
