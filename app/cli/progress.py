"""A bar on standard error for what takes more than a second.

Nothing is drawn before that, nor where standard error is no terminal, and nothing stays behind.
"""

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE_S = 1.0


class ProgressBar:
    """One bar at a time; used inside a running event loop, whose clock brings it up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._label = ""
        self._count: tuple[int, int | None] = (0, None)

    def update(self, label: str, done: int = 0, total: int | None = None) -> None:
        """Say what is being waited for and how far it is; `total` None if that is unknown."""
        self._label, self._count = label, (done, total)
        if self._bar is not None:
            self._draw(self._bar)
        elif self._timer is None and self._console.is_terminal:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._show)

    def clear(self) -> None:
        """Take the bar away, so that other text can be written."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._bar.add_task(self._label, total=None)
        self._draw(self._bar)
        self._bar.start()

    def _draw(self, bar: Progress) -> None:
        done, total = self._count
        bar.update(bar.task_ids[0], description=self._label, completed=done, total=total)
