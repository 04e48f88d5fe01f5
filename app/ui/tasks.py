"""Coroutines that belong to an object: kept alive, cancelled with it, their errors told.

A task that outlives its widget touches what Qt has deleted; a task that nobody holds is collected
while it waits. Both cannot happen to tasks started here.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject

ErrorHandler = Callable[[BaseException], None]


class Tasks:
    """The tasks of `owner`; an error that a coroutine lets out goes to `on_error`."""

    def __init__(self, owner: QObject, on_error: ErrorHandler) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._on_error = on_error
        running = self._running
        owner.destroyed.connect(lambda: _cancel(running))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` on the current loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """End every task and wait until each has."""
        tasks = tuple(self._running)
        _cancel(self._running)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._on_error(error)


def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tuple(tasks):
        task.cancel()
