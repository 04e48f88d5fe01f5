"""What the engine is doing, as values that its observers are told."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from app.domain.events import Progress
from app.domain.models import ModelInfo


class HostState(StrEnum):
    """What the engine is doing."""

    STARTING = "starting"
    LOADING = "loading"
    PREPARING = "preparing"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


class HostStatus(Struct, frozen=True):
    """The engine's state; `sentence` says it to a person where there is something to say.

    `model` stays while it is loaded again after a crash, and while a copy of some model is being
    prepared; `progress` is that of the load or the preparation.
    `offers_cpu` says that a device failed and that the same model may run on the CPU.
    """

    state: HostState
    model: ModelInfo | None = None
    sentence: str = ""
    progress: Progress | None = None
    offers_cpu: bool = False


Observer = Callable[[HostStatus], None]


class StatusBoard:
    """The present status, and who is told of the next one; all in one event loop."""

    def __init__(self) -> None:
        self.status = HostStatus(HostState.STOPPED)
        self._observers: list[Observer] = []
        self._next = asyncio.Event()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` at every change; the returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._next.wait()

    def set(self, status: HostStatus) -> None:
        """Show a status and tell everybody."""
        self.status = status
        self._next.set()
        self._next = asyncio.Event()
        for observer in list(self._observers):
            observer(status)

    def advance(self, state: HostState, progress: Progress | None = None) -> None:
        """One step of opening a model; a restart stays called so until it is done."""
        now = self.status
        if now.state is HostState.RESTARTING:
            self.set(HostStatus(now.state, now.model, now.sentence, progress))
        else:
            self.set(HostStatus(state, progress=progress))
