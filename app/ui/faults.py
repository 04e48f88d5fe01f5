"""One way for errors that nothing else caught: into the log, and a sentence into the window."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from app.errors import Bug, CandorError

_log = logging.getLogger(__name__)


class FaultRoutes:
    """Within its `with`, errors of slots, threads and tasks come here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._show: Callable[[CandorError], None] | None = None

    def shown_by(self, show: Callable[[CandorError], None]) -> None:
        """Tell the person through `show`, which is called in the loop's thread."""
        self._show = show

    def report(self, error: BaseException) -> None:
        """Log the error and tell of it; callable in any thread."""
        _log.error("An error that nothing expected.", exc_info=error)
        self._loop.call_soon_threadsafe(self._tell, error)

    def __enter__(self) -> "FaultRoutes":
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._from_slot
        threading.excepthook = self._from_thread
        self._loop.set_exception_handler(self._from_loop)
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook, threading.excepthook = self._before
        self._loop.set_exception_handler(None)

    def _tell(self, error: BaseException) -> None:
        if self._show is None:
            return
        if not isinstance(error, CandorError):
            message = "Something went wrong inside Candor. Your chat is still here."
            error = Bug(message, "The log file says what happened.")
        self._show(error)

    def _from_slot(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.report(error)

    def _from_thread(self, hook: threading.ExceptHookArgs) -> None:
        self.report(hook.exc_value or hook.exc_type())

    def _from_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.report(context.get("exception") or RuntimeError(context.get("message", "")))
