"""What a front end needs to know of the local server: values, and how it is started and stopped.

The server itself is in `app.api`, which front ends do not import; they are handed one.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from app.domain.drafting import Drafting
from app.services.engine_host import EngineHost


class Binding(Struct, frozen=True):
    """Where to listen; port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: int = 1234


class Endpoint(Struct, frozen=True):
    """Where a running server answers, and the token that its clients show."""

    url: str
    token: str


class LocalServer(Protocol):
    """A server in a thread of its own, to be used from the loop in which the engine lives."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where it answers; None while it is stopped."""
        ...

    def on_requests(self, observer: Callable[[int], None]) -> None:
        """Tell `observer` at each change how many requests are answered or wait to be."""
        ...

    async def start(self) -> Endpoint:
        """Listen; a server that was stopped may be started again.

        Raises:
            InvalidRequest: the host is no name of this computer for itself.
            EnvironmentFault: the port cannot be had.
        """
        ...

    async def stop(self) -> None:
        """End open answers, then the server; nothing happens if it is stopped."""
        ...


class MakeServer(Protocol):
    """Makes a stopped server for an engine, a place to listen and a token."""

    def __call__(
        self, host: EngineHost, binding: Binding, token: str, drafting: Drafting | None = None
    ) -> LocalServer:
        """With `drafting` for requests that do not say how to draft; None drafts nothing."""
        ...
