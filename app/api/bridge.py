"""The way from the server's loop to the loop in which the engine lives, and back.

Commands cross with `run_coroutine_threadsafe`, events with `call_soon_threadsafe`. What builds the
request runs in the engine's loop too, so that it sees the model that will answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing, contextmanager

from app.api.refusals import Refusal
from app.domain.events import Event
from app.domain.models import ModelInfo
from app.domain.requests import Generate
from app.errors import CandorError
from app.services.engine_host import EngineHost

Item = Event | BaseException | None
Put = Callable[[Item], None]
Build = Callable[[ModelInfo], Generate]


class Bridge:
    """The engine of the loop `home`, for the server's loop.

    `on_requests` hears in `home` how many requests there are, at each change.
    """

    def __init__(
        self,
        host: EngineHost,
        home: asyncio.AbstractEventLoop,
        on_requests: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._host = host
        self._home = home
        self._on_requests = on_requests
        self._requests = 0
        self._open: set[Put] = set()
        self._closed = False

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        return self._host.status.model

    async def events(self, build: Build) -> AsyncGenerator[Event]:
        """The events of the request that `build` makes; closing it cancels the request.

        Raises:
            Refusal: `build` refuses, there is no model, or the server is being stopped.
            CandorError: the request failed.
        """
        if self._closed:
            raise _stopped()
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Item] = asyncio.Queue()

        def put(item: Item) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, item)

        answer = asyncio.run_coroutine_threadsafe(self._answer(build, put), self._home)
        answer.add_done_callback(lambda done: put(_end(done)))
        self._open.add(put)
        try:
            while (item := await arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
                await asyncio.sleep(0)  # a backlog must not keep the loop from seeing a hang-up
        finally:
            self._open.discard(put)
            answer.cancel()

    def close(self) -> None:
        """End all requests with a sentence; called in the server's loop."""
        self._closed = True
        for put in self._open:
            put(_stopped())

    async def _answer(self, build: Build, put: Put) -> None:
        with self._counted():
            try:
                info = await self._host.ready()
            except CandorError as error:
                raise Refusal(503, f"No model can answer: {error}", error.code) from error
            async with aclosing(self._host.generate(build(info))) as events:
                async for event in events:
                    put(event)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._requests += 1
        self._on_requests(self._requests)
        try:
            yield
        finally:
            self._requests -= 1
            self._on_requests(self._requests)


def _end(answer: Future[None]) -> BaseException | None:
    return _stopped() if answer.cancelled() else answer.exception()


def _stopped() -> Refusal:
    return Refusal(503, "The server is being stopped.", "server_stopped")
