"""The status line as one value: model, device, context, speed and what is going on."""

import time
from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import (
    Change,
    Cleared,
    Cut,
    PromptRead,
    Turn,
    TurnAdded,
    TurnChanged,
    TurnGrew,
    TurnState,
)
from app.domain.events import Usage
from app.services.engine_host import EngineHost
from app.services.host_status import HostState, HostStatus
from app.ui.viewmodels.wording import device, placement

WORDS = {
    HostState.STARTING: "Starting",
    HostState.LOADING: "Loading the model",
    HostState.PREPARING: "Preparing",
    HostState.READY: "Ready",
    HostState.RESTARTING: "Restarting the model",
    HostState.STOPPED: "Stopped",
    HostState.FAILED: "No model",
}


class ChatStatus(Struct, frozen=True, kw_only=True):
    """What the status line shows; `rate` is the running answer's tokens per second, 0 without.

    `placement` tells which parts of the model run where.
    """

    state: HostState
    words: str
    model: str = ""
    device: str = ""
    placement: str = ""
    answering: bool = False
    context_used: int = 0
    context_length: int = 0
    rate: float = 0.0

    @property
    def can_send(self) -> bool:
        """Whether a question could be answered now."""
        return self.state is HostState.READY and not self.answering


class StatusModel(QObject):
    """Follows the engine host and the conversation; `changed` carries the next ChatStatus.

    `model_loaded` carries the model that is ready, `gave_up` the sentence why there is none.
    """

    changed = Signal(object)
    model_loaded = Signal(object)
    gave_up = Signal(str)

    def __init__(
        self, host: EngineHost, parent: QObject, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._host = host.status
        self._answering = False
        self._routing = False
        self._prompt_tokens = 0
        self._new_tokens = 0
        self._first_at: float | None = None
        self._at_first = 0
        host.observe(self._on_host)

    @property
    def value(self) -> ChatStatus:
        """What to show now."""
        model = self._host.model
        return ChatStatus(
            state=self._host.state,
            words="Answering" if self._is_answering() else _words(self._host),
            model=model.name if model else "",
            device=device(model.providers[0]) if model else "",
            placement=placement(model) if model else "",
            answering=self._answering or self._routing,
            context_used=self._prompt_tokens + self._new_tokens,
            context_length=model.context_length if model else 0,
            rate=self._rate(),
        )

    def follow(self, change: Change) -> None:
        """Take in a change of the conversation."""
        match change:
            case TurnAdded() if change.turn.state is TurnState.STREAMING:
                self._begin()
            case PromptRead():
                self._prompt_tokens, self._new_tokens = change.total, 0
            case TurnGrew():
                self._grow(len(change.delta.tokens))
                return
            case TurnAdded() | TurnChanged():
                self._end(change.turn)
            case Cut():
                self._count(change.usage)
            case Cleared():
                self._count(None)
        self.refresh()

    def set_routing(self, routing: bool) -> None:
        """Whether more answers may follow the one that is being written, as Auto has it."""
        self._routing = routing
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Tell the value as it is now: growing counts are told at the pace of the screen."""
        self.changed.emit(self.value)

    def _is_answering(self) -> bool:
        """Whether there is nothing else to tell, such as how far a model is loaded."""
        return self._answering or (self._routing and self._host.state is HostState.READY)

    def _begin(self) -> None:
        self._answering = True
        self._first_at = None
        self._prompt_tokens += self._new_tokens
        self._new_tokens = 0

    def _grow(self, count: int) -> None:
        if self._first_at is None:
            self._first_at = self._clock()
            self._at_first = count
        self._new_tokens += count

    def _end(self, turn: Turn) -> None:
        self._answering = False
        if turn.usage:
            self._count(turn.usage)

    def _count(self, usage: Usage | None) -> None:
        self._prompt_tokens = usage.prompt_tokens if usage else 0
        self._new_tokens = usage.completion_tokens if usage else 0

    def _rate(self) -> float:
        """Tokens per second since the first ones, which may have come several at once."""
        if not self._answering or self._first_at is None:
            return 0.0
        elapsed = self._clock() - self._first_at
        return (self._new_tokens - self._at_first) / elapsed if elapsed > 0 else 0.0

    def _on_host(self, status: HostStatus) -> None:
        self._host = status
        if status.state is HostState.READY and status.model:
            self.model_loaded.emit(status.model)
        elif status.state in (HostState.FAILED, HostState.STOPPED) and status.sentence:
            self.gave_up.emit(status.sentence)
        self.refresh()


def _words(host: HostStatus) -> str:
    words = WORDS[host.state]
    if host.progress is None or not host.progress.total:
        return words
    return f"{words}: {host.progress.done / host.progress.total:.0%}"
