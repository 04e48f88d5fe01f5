"""The events of one request to the engine, which may still have to become ready."""

from collections.abc import AsyncIterator, Awaitable, Callable

from app.domain.events import Event
from app.worker.stream import Stream


class Answer(AsyncIterator[Event]):
    """As a worker's stream, read by one consumer; the request is sent with the first read.

    It ends after Finished and raises the request's `CandorError` where it failed. Dropping it
    before the end, or `aclose`, abandons the request.
    """

    def __init__(self, submit: Callable[[], Awaitable[Stream]]) -> None:
        self._submit: Callable[[], Awaitable[Stream]] | None = submit
        self._stream: Stream | None = None
        self._cancelled = False
        self._answers_now = False

    def cancel(self) -> None:
        """End the request within one token; its last event is Finished with `cancelled`."""
        self._cancelled = True
        if self._stream:
            self._stream.cancel()

    def answer_now(self) -> None:
        """End the thought within one token, and let the request answer."""
        self._answers_now = True
        if self._stream:
            self._stream.answer_now()

    async def aclose(self) -> None:
        """Abandon the request, unless it has ended."""
        self._submit = None
        if self._stream:
            await self._stream.aclose()

    async def __anext__(self) -> Event:
        if self._stream is None:
            self._stream = await self._open()
        return await anext(self._stream)

    async def _open(self) -> Stream:
        if self._submit is None:
            raise StopAsyncIteration
        submit, self._submit = self._submit, None
        stream = await submit()
        if self._cancelled:
            stream.cancel()
        if self._answers_now:
            stream.answer_now()
        return stream
