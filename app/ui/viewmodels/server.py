"""The local server as a person switches it: on or off, where, and what it is doing.

In: the switch and the port. Out: ServerStatus. What was chosen last is brought about, one step
after the other, however quickly the switch is used.
"""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.errors import CandorError
from app.services.api_token import load_or_make
from app.services.engine_host import EngineHost
from app.services.host_status import HostStatus
from app.services.local_server import Binding, Endpoint, LocalServer, MakeServer
from app.services.settings import SERVER_ON, SERVER_PORT, Settings
from app.ui.tasks import ErrorHandler, Tasks


class ServerState(StrEnum):
    """What the server is doing."""

    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


class ServerStatus(Struct, frozen=True):
    """`wanted` is how the switch stands, `port` what was chosen; `error` is why it failed.

    `endpoint` is there while it is on, with `requests` that are answered or wait to be. `model` is
    the name that requests call the loaded model by.
    """

    state: ServerState
    wanted: bool
    port: int
    endpoint: Endpoint | None = None
    requests: int = 0
    model: str = ""
    error: CandorError | None = None


class ServerModel(QObject):
    """`changed` carries the next ServerStatus."""

    changed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        settings: Settings,
        make_server: MakeServer,
        token_file: Path,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._make = lambda binding: make_server(host, binding, load_or_make(token_file))
        self._tasks = Tasks(self, on_bug)
        self._server: LocalServer | None = None
        self._stale = self._working = False
        self.value = ServerStatus(ServerState.OFF, False, settings.get(SERVER_PORT))
        host.observe(self._on_host)

    def start(self) -> None:
        """Serve again where a person left the server on."""
        if self._settings.get(SERVER_ON):
            self.switch(True)

    def switch(self, on: bool) -> None:
        """Let other programs use the model, or not any more; a failed start is tried again."""
        self._settings.set(SERVER_ON, on)
        self._show(replace(self.value, wanted=on))
        self._begin()

    def set_port(self, port: int | None) -> None:
        """Listen at another port; None is the usual one."""
        self._settings.set(SERVER_PORT, SERVER_PORT.default if port is None else port)
        self._show(replace(self.value, port=self._settings.get(SERVER_PORT)))
        if self.value.wanted:
            self._begin()

    async def close(self) -> None:
        """Stop the server; the switch stays as it is for the next start."""
        await self._tasks.cancel()
        await self._stop()

    def _begin(self) -> None:
        self._stale = True
        if not self._working:
            self._working = True
            self._tasks.start(self._bring_about())

    async def _bring_about(self) -> None:
        try:
            while self._stale:
                self._stale = False
                await self._stop()
                if self.value.wanted:
                    await self._serve(self.value.port)
        finally:
            self._working = False

    async def _serve(self, port: int) -> None:
        self._show(replace(self.value, state=ServerState.STARTING))
        try:
            self._server = server = self._make(Binding(port=port))
            server.on_requests(self._count)
            endpoint = await server.start()
        except CandorError as error:
            self._server = None
            self._show(replace(self.value, state=ServerState.FAILED, error=error))
        else:
            self._show(replace(self.value, state=ServerState.ON, endpoint=endpoint))

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop()
        now = self.value
        self._show(ServerStatus(ServerState.OFF, now.wanted, now.port, model=now.model))

    def _count(self, requests: int) -> None:
        self._show(replace(self.value, requests=requests))

    def _on_host(self, host: HostStatus) -> None:
        self._show(replace(self.value, model=host.model.name if host.model else ""))

    def _show(self, status: ServerStatus) -> None:
        if status != self.value:
            self.value = status
            self.changed.emit(status)


def sentence(status: ServerStatus) -> str:
    """What the server is doing, in words."""
    match status.state:
        case ServerState.OFF:
            return "Off."
        case ServerState.STARTING:
            return "Starting."
        case ServerState.FAILED:
            return str(status.error)
        case ServerState.ON if status.requests == 0:
            return "On. No request at the moment."
        case ServerState.ON if status.requests == 1:
            return "On. 1 request is being answered."
        case ServerState.ON:
            return f"On. {status.requests} requests are being answered or wait."
