"""A bar on standard error for what takes more than a second.

Nothing is drawn before that, nor where standard error cannot redraw a line; nothing stays behind.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE_S = 1.0


class ProgressBar:
    """One bar at a time; used inside an event loop, whose clock brings it up after `patience`."""

    def __init__(self, console: Console, patience: float = PATIENCE_S) -> None:
        self._console = console
        self._patience = patience
        self._bar: Progress | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._kept = False
        self._label = ""
        self._count: tuple[int, int | None] = (0, None)

    def update(self, label: str, done: int = 0, total: int | None = None) -> None:
        """Say what is being waited for and how far it is; `total` None if that is unknown."""
        self._label, self._count = label, (done, total)
        if self._bar is not None:
            self._draw(self._bar)
        elif self._timer is None and self._console.is_interactive:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._patience, self._show)

    def clear(self) -> None:
        """Take the bar away, so that other text can be written."""
        if self._kept:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let one bar stand for many requests: `clear` waits for the end of the block."""
        self._kept = True
        try:
            yield
        finally:
            self._kept = False
            self.clear()

    def _show(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._bar.add_task(self._label, total=None, count="")
        self._draw(self._bar)
        self._bar.start()

    def _draw(self, bar: Progress) -> None:
        done, total = self._count
        count = f"{done:,}" if total is None else f"{done:,}/{total:,}"
        bar.update(
            bar.task_ids[0],
            description=self._label,
            completed=done,
            total=total,
            count=count if done or total else "",
        )
