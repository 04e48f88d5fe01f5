"""A running server as in the window: the engine in one thread's loop, HTTP in another's."""

import asyncio
import http.client
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app import paths
from app.api.server import Server
from app.domain.events import Event, Finished
from app.domain.models import ModelInfo
from app.domain.requests import Generate
from app.services.answer import Answer
from app.services.engine_host import EngineHost
from app.services.local_server import Binding
from tests.cli.program import token_id

TOKEN = "a-token-for-the-tests-only"
MODEL = paths.BUILT_IN_MODEL
PATIENCE_S = 60
CHAT = "/v1/chat/completions"
T = TypeVar("T")


class WatchedAnswer(Answer):
    """An answer that remembers how its reader left it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(lambda: answer._open())
        self.begun = threading.Event()
        self.left = threading.Event()
        self.finished: Finished | None = None

    async def __anext__(self) -> Event:
        event = await super().__anext__()
        self.begun.set()
        if isinstance(event, Finished):
            self.finished = event
        return event

    async def aclose(self) -> None:
        await super().aclose()
        self.left.set()


class WatchedHost(EngineHost):
    """An engine whose answers can be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[WatchedAnswer] = []

    def generate(self, request: Generate) -> Answer:
        self.answers.append(WatchedAnswer(super().generate(request)))
        return self.answers[-1]


class Serving:
    """The engine's thread, with the built-in model, and a server at a free port."""

    def __init__(self) -> None:
        self._runs: Future[asyncio.AbstractEventLoop] = Future()
        self._enough = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))
        self._thread.start()
        self._loop = self._runs.result(PATIENCE_S)
        self.host = WatchedHost()
        self.server = Server(self.host, Binding(port=0), TOKEN)
        self.url = self.do(self.server.start).url

    async def _live(self) -> None:
        self._runs.set_result(asyncio.get_running_loop())
        await self._enough.wait()

    def do(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine where the engine lives."""

        async def run() -> T:
            return await action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def load(self) -> ModelInfo:
        return self.do(lambda: self.host.load(paths.built_in_model()))

    def close(self) -> None:
        self.do(self.server.stop)
        self.do(self.host.close)
        self._loop.call_soon_threadsafe(self._enough.set)
        self._thread.join()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(
        self, body: Any, path: str = CHAT, method: str = "POST", **headers: str
    ) -> tuple[int, Any]:
        """Status and decoded body of one request; `headers` replace the usual ones."""
        connection = self.connect()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, HEADERS | headers)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        return response.status, json.loads(said) if said else None


UNENDING = {str(token_id(end)): -100 for end in ("<|im_end|>", "<|endoftext|>")}
"""A logit bias that keeps the built-in model from ending an answer by itself."""

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def question(text: str = "What is 2 + 3?", **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


@contextmanager
def serving(*, loaded: bool = True) -> Iterator[Serving]:
    running = Serving()
    try:
        if loaded:
            running.load()
        yield running
    finally:
        running.close()
