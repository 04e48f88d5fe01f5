"""The running server: a thread with a loop of its own, next to the loop of the engine.

What a client sends is parsed and checked there, so that no client can make a window stutter, and
the thread may answer but not connect, so that no client can make it call out.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

import uvicorn

from app import sandbox
from app.api.bridge import Bridge
from app.api.gate import Gate
from app.api.listening import host_names, listen, port_of, url
from app.api.routes import application
from app.domain.drafting import NO_DRAFTS, Drafting
from app.errors import Bug
from app.services.engine_host import EngineHost
from app.services.local_server import Binding, Endpoint

MOST_CONNECTIONS = 64
LAST_WORDS_S = 3

_log = logging.getLogger(__name__)


class Server:
    """Serves the engine of `host` where `binding` says, to clients that show `token`.

    `drafting` holds for requests that do not say how to draft.
    """

    def __init__(
        self, host: EngineHost, binding: Binding, token: str, drafting: Drafting = NO_DRAFTS
    ) -> None:
        self._host = host
        self._binding = binding
        self._token = token
        self._drafting = drafting
        self._endpoint: Endpoint | None = None
        self._running: _Thread | None = None
        self._on_requests: list[Callable[[int], None]] = []

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it answers; None while it is stopped."""
        return self._endpoint

    def on_requests(self, observer: Callable[[int], None]) -> None:
        """Tell `observer` at each change how many requests are answered or wait to be."""
        self._on_requests.append(observer)

    async def start(self) -> Endpoint:
        """Listen, in a new thread.

        Raises:
            InvalidRequest: other computers could reach the host.
            EnvironmentFault: the port cannot be had.
            Bug: it is started already.
        """
        if self._running is not None:
            raise Bug("The server was started twice.")
        listener = listen(self._binding)
        bridge = Bridge(self._host, asyncio.get_running_loop(), self._tell_requests)
        gate = Gate(application(bridge, self._drafting), host_names(port_of(listener)), self._token)
        endpoint = Endpoint(url(listener), self._token)
        self._running = running = _Thread(_Loop(gate, bridge), listener)
        try:
            await running.started()
        except BaseException:
            await self.stop()
            raise
        self._endpoint = endpoint
        _log.info("The server listens on %s.", endpoint.url)
        return endpoint

    async def stop(self) -> None:
        """End open answers, then the thread; nothing happens if it is stopped."""
        running, self._running = self._running, None
        self._endpoint = None
        if running is not None:
            await running.stop()
            _log.info("The server has stopped.")

    def _tell_requests(self, count: int) -> None:
        for observer in self._on_requests:
            observer(count)


class _Loop(uvicorn.Server):
    """uvicorn, which tells when it listens and lets open answers end before it does."""

    def __init__(self, gate: Gate, bridge: Bridge) -> None:
        super().__init__(
            uvicorn.Config(
                gate,
                access_log=False,
                http="h11",
                lifespan="off",
                limit_concurrency=MOST_CONNECTIONS,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=LAST_WORDS_S,
                ws="none",
            )
        )
        self.listens: Future[None] = _uncancellable()
        self._bridge = bridge

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set_result(None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._bridge.close()
        await super().shutdown(sockets)


class _Thread:
    """Runs the loop to its end, which it tells in `_ended`."""

    def __init__(self, loop: _Loop, listener: socket.socket) -> None:
        self._loop = loop
        self._listener = listener
        self._ended: Future[None] = _uncancellable()
        self._thread = threading.Thread(target=self._run, name="candor-server")
        self._thread.start()

    async def started(self) -> None:
        """Wait until it listens, or raise what kept it from that."""
        await asyncio.wrap_future(self._loop.listens)

    async def stop(self) -> None:
        """Ask it to end and wait for that."""
        self._loop.should_exit = True
        await asyncio.wrap_future(self._ended)
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._listener:
                _log.info("Connections from the server's thread: %s.", sandbox.forbid_connections())
                asyncio.run(self._loop.serve(sockets=[self._listener]))
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it to raise to
            if self._loop.listens.done():
                _log.exception("The server ended.")
            else:
                self._loop.listens.set_exception(error)
        finally:
            self._ended.set_result(None)


def _uncancellable() -> Future[None]:
    """A future that those who wait for it cannot cancel."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future
