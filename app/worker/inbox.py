"""The child's incoming side: requests in the order they came, and which are cancelled.

The listening thread puts, the scheduler takes.
"""

import threading

from app.domain.events import Finished, FinishReason, Timings, Usage
from app.worker.protocol import Request

CANCELLED = Finished(FinishReason.CANCELLED, Usage(0, 0, 0, 0), Timings(0.0, 0.0, 0.0), None)
"""The end of a request that was cancelled before it produced anything."""


class Inbox:
    """Waiting requests and the one being served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Request] = []
        self._served: int | None = None
        self._cancelled = False

    def put(self, request: Request) -> None:
        """Append a request."""
        with self._changed:
            self._waiting.append(request)
            self._changed.notify()

    def cancel(self, id: int) -> bool:
        """Cancel request `id`; True if it was still waiting, so that nobody will serve it.

        A request that has ended meanwhile is none of its business.
        """
        with self._changed:
            if id == self._served:
                self._cancelled = True
            left = [request for request in self._waiting if request.id != id]
            removed = len(left) < len(self._waiting)
            self._waiting = left
        return removed

    def take(self) -> Request:
        """Wait for the next request and return it; from now on it is the served one."""
        with self._changed:
            self._served = None
            self._changed.wait_for(lambda: self._waiting)
            request = self._waiting.pop(0)
            self._served = request.id
            self._cancelled = False
        return request

    @property
    def cancelled(self) -> bool:
        """Whether the served request is cancelled."""
        return self._cancelled
