"""What the engine is doing, as values that its observers are told."""

from enum import StrEnum

from msgspec import Struct

from app.domain.events import Progress
from app.domain.models import ModelInfo


class HostState(StrEnum):
    """What the engine is doing."""

    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


class HostStatus(Struct, frozen=True):
    """The engine's state; `sentence` says it to a person where there is something to say.

    `model` stays while it is loaded again after a crash; `progress` is that of the load.
    `offers_cpu` says that a device failed and that the same model may run on the CPU.
    """

    state: HostState
    model: ModelInfo | None = None
    sentence: str = ""
    progress: Progress | None = None
    offers_cpu: bool = False
