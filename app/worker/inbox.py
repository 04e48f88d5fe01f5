"""The child's incoming side: requests in the order they came, and which are cancelled.

The listening thread puts, the scheduler takes.
"""

import threading
from collections.abc import Callable
from itertools import takewhile

from app.domain.events import Finished, FinishReason, Timings, Usage
from app.domain.requests import Generate, Replay, Score
from app.worker.protocol import Request

CANCELLED = Finished(FinishReason.CANCELLED, Usage(0, 0, 0, 0), Timings(0.0, 0.0, 0.0), None)
"""The end of a request that was cancelled before it produced anything."""


class Inbox:
    """Waiting requests and those being served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Request] = []
        self._served: set[int] = set()
        self._cancelled: set[int] = set()
        self._answering: set[int] = set()

    def put(self, request: Request) -> list[int]:
        """Append a request.

        Returns the waiting requests that it takes the place of, so that nobody will serve them.
        """
        with self._changed:
            replaced = [each for each in self._waiting if _takes_place(request, each)]
            self._waiting = [each for each in self._waiting if each not in replaced]
            self._waiting.append(request)
            self._changed.notify()
        return [each.id for each in replaced]

    def cancel(self, id: int) -> bool:
        """Cancel request `id`; True if it was still waiting, so that nobody will serve it.

        A request that has ended meanwhile is none of its business.
        """
        with self._changed:
            if id in self._served:
                self._cancelled.add(id)
            left = [request for request in self._waiting if request.id != id]
            removed = len(left) < len(self._waiting)
            self._answering.discard(id)
            self._waiting = left
        return removed

    def answer_now(self, id: int) -> None:
        """Let request `id` end its thought, whether it is waiting or being served."""
        with self._changed:
            if id in self._served or any(request.id == id for request in self._waiting):
                self._answering.add(id)

    def take(self, fits: Callable[[Request], bool], *, wait: bool) -> Request | None:
        """The most important request that `fits` now; from then on it is being served.

        Replays come first, then requests by priority, among equals in the order in which they
        came; anything else, such as a load, in its order: what came after it waits for it. None
        where nothing fits, after a wait for something to come if that is wanted.
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._waiting)
            request = next(filter(fits, _in_order(self._waiting)), None)
            if request is not None:
                self._waiting.remove(request)
                self._served.add(request.id)
        return request

    def end(self, id: int) -> None:
        """Request `id` is served no more."""
        with self._changed:
            self._served.discard(id)
            self._cancelled.discard(id)
            self._answering.discard(id)

    def shall_answer(self, id: int) -> bool:
        """Whether request `id` was told to end its thought since this was last asked."""
        if id not in self._answering:
            return False
        self._answering.discard(id)
        return True

    def cancelled(self, id: int) -> bool:
        """Whether request `id`, which is being served, is cancelled."""
        return id in self._cancelled


def _in_order(waiting: list[Request]) -> list[Request]:
    """Those whose turn may come, the most important ones first."""
    movable = list(takewhile(lambda request: _rank(request) is not None, waiting))
    return sorted(movable, key=lambda request: _rank(request) or 0) or waiting[:1]


def _rank(request: Request) -> int | None:
    """The lower, the sooner; None for what keeps its place in the line."""
    match request.command:
        case Replay():
            return -1
        case Generate(priority=priority) | Score(priority=priority):
            return priority
    return None


def _is_replay(request: Request) -> bool:
    return isinstance(request.command, Replay)


def _takes_place(newer: Request, older: Request) -> bool:
    return _is_replay(newer) and _is_replay(older)
