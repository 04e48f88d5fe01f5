"""Answers that live as long as their client listens, and only so many of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct
from starlette.types import Message, Receive, Scope, Send

from app.api.refusals import ErrorReply, Refusal

MOST_REQUESTS = 16
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
]


class Places:
    """How many requests may be answered or waiting to be; the rest are told to come again."""

    def __init__(self, count: int = MOST_REQUESTS) -> None:
        self._free = count

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place for the length of the block.

        Raises:
            Refusal: all places are taken.
        """
        if not self._free:
            message = "Too many requests are waiting for the model. Try again in a moment."
            raise Refusal(503, message, "overloaded", headers={"retry-after": "1"})
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Answering:
    """An ASGI response that `produce` sends; it is cancelled when the client hangs up."""

    def __init__(self, produce: Callable[[Send], Awaitable[None]]) -> None:
        self._produce = produce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response for as long as there is somebody to read it."""
        work = asyncio.ensure_future(self._produce(send))
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            gone.cancel()
            await asyncio.wait({work, gone})
        if not work.cancelled():
            work.result()


class EventStream:
    """Server-sent events; the response begins with the first one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def event(self, value: Struct) -> None:
        """Send one value as JSON."""
        if not self.started:
            self.started = True
            await self._send(
                {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
            )
        await self._data(msgspec.json.encode(value))

    async def done(self) -> None:
        """End the stream as complete."""
        await self._data(b"[DONE]")
        await self._send(_body(b""))

    async def broken(self, reply: ErrorReply) -> None:
        """End the stream with an error, without the mark of a complete one."""
        await self.event(reply)
        await self._send(_body(b""))

    async def _data(self, data: bytes) -> None:
        await self._send(_body(b"data: " + data + b"\n\n", more=True))


def _body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
