"""One thing done at a time for a page: begun, told of, stopped; a newer one takes its place."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.errors import CandorError
from app.ui.tasks import ErrorHandler, Tasks


class TaskStatus(Struct, frozen=True, kw_only=True):
    """`done` of `total`, 0 while that is unknown, while `working`; `error` is why the last try
    ended early."""

    working: bool = False
    done: int = 0
    total: int = 0
    error: CandorError | None = None


S = TypeVar("S", bound=TaskStatus)
Work = Callable[[], Coroutine[Any, Any, None]]


class TaskModel(QObject, Generic[S]):
    """`changed` carries the next status, `value` is the present one."""

    changed = Signal(object)

    def __init__(self, value: S, on_bug: ErrorHandler) -> None:
        super().__init__()
        self.value = value
        self._tasks = Tasks(self, on_bug)
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Go on no further; what came stays."""
        if self._task is not None:
            self._task.cancel()
            self._show(replace(self.value, working=False))

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    def _start(self, work: Work, begin: S) -> None:
        """Do `work` in place of what is under way, first shown as `begin`."""
        self.stop()
        self._task = self._tasks.start(self._told(work))
        self._show(replace(begin, working=True))

    async def _told(self, work: Work) -> None:
        error: CandorError | None = None
        try:
            await work()
        except CandorError as found:
            error = found
        self._show(replace(self.value, working=False, error=error))

    def _show(self, status: S) -> None:
        self.value = status
        self.changed.emit(status)
