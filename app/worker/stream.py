"""The events of one request on their way from the reading thread to the loop that asked.

`Route` is the thread's end, `Stream` the caller's. The client keeps only the route, so a stream
that its caller drops is noticed and its request cancelled.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from app.domain.events import (
    Classified,
    Compared,
    Copies,
    Event,
    Failed,
    Finished,
    Inspected,
    Loaded,
    Measured,
    Prepared,
    Rendered,
    Replayed,
)
from app.errors import CandorError, from_code

LAST = (
    Loaded,
    Replayed,
    Classified,
    Compared,
    Measured,
    Inspected,
    Rendered,
    Prepared,
    Copies,
    Finished,
    Failed,
)


class Route:
    """An unbounded line of events towards the loop that was running when it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event | CandorError] = deque()
        self._arrived = asyncio.Event()

    def put(self, events: Iterable[Event | CandorError]) -> bool:
        """Append events, from any thread; False if the loop is closed and nobody will read."""
        self._events.extend(events)
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            return False
        return True

    async def take(self) -> Event:
        """The next event.

        Raises:
            CandorError: the request failed.
        """
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        event = self._events.popleft()
        if isinstance(event, Failed):
            raise from_code(event.code, event.message, event.hint)
        if isinstance(event, CandorError):
            raise event
        return event


class Stream(AsyncIterator[Event]):
    """The events of one request, in order, to be read by one consumer in one loop.

    It ends after one of `LAST` and raises the request's `CandorError` where it
    failed. Dropping it before the end, or `aclose`, cancels the request.
    """

    def __init__(
        self,
        route: Route,
        cancel: Callable[[], None],
        drop: Callable[[], None],
        answer_now: Callable[[], None],
    ) -> None:
        self._route = route
        self._cancel = cancel
        self._drop = drop
        self._answer_now = answer_now
        self._open = True

    def cancel(self) -> None:
        """End the request within one token; its last event is Finished with `cancelled`."""
        if self._open:
            self._cancel()

    def answer_now(self) -> None:
        """End the request's thought within one token, and let it answer."""
        if self._open:
            self._answer_now()

    async def aclose(self) -> None:
        """Cancel the request, unless it has ended, and read no more of it."""
        self._close()

    async def __anext__(self) -> Event:
        if not self._open:
            raise StopAsyncIteration
        await asyncio.sleep(0)  # a consumer with a backlog must not hold the loop
        try:
            event = await self._route.take()
        except CandorError:
            self._open = False
            raise
        self._open = not isinstance(event, LAST)
        return event

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._drop()

    def __del__(self) -> None:
        self._close()
