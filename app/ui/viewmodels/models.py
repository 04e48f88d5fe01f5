"""Which model is loaded: opened as a person asks, and never lost to one that cannot be.

In: choices of a person, and the engine's state. Out: ModelsStatus, and notices. A model that cannot
be opened, or is no longer wanted, gives way to the one before it, which is loaded again.
"""

import asyncio
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.events import Stage
from app.domain.models import ModelInfo
from app.domain.preparation import PreparationReport
from app.domain.requests import Prepare, Provider
from app.errors import CandorError, InvalidRequest
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.host_status import HostState, HostStatus
from app.services.settings import MODEL, RECENT_MODELS, ModelChoice, Settings
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.notice import Notice

MOST_RECENT = 12
STAGES = {
    Stage.DIGEST: "Reading the model's files",
    Stage.PROVE: "Looking for steps that can be joined",
    Stage.COMPARE: "Measuring how far the numbers are from the original's",
    Stage.STORE: "Storing the copy",
    Stage.LOAD: "Opening the model",
}
BUILT_IN = ModelChoice()
OTHERWISE = "Your chats are kept. Open another model, or try again."


class ModelsStatus(Struct, frozen=True):
    """`opened` is the loaded model, `opening` the one under way, `done` the share of that.

    It is the former model that is opened again while `going_back`. `preparing` is the model of
    which a faster copy is being made; `doing` says which part of that is `done` so far. `error` is
    why the last one that was asked for could not be opened or prepared.
    """

    opened: ModelChoice | None = None
    opening: ModelChoice | None = None
    preparing: ModelChoice | None = None
    doing: str = ""
    done: float = 0.0
    going_back: bool = False
    error: CandorError | None = None

    @property
    def busy(self) -> bool:
        """Whether a model is being opened or prepared."""
        return self.opening is not None or self.preparing is not None


class ModelsModel(QObject):
    """`changed` carries the next ModelsStatus, `noticed` a Notice or None."""

    changed = Signal(object)
    noticed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        settings: Settings,
        built_in: str,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._host = host
        self._conversation = conversation
        self._settings = settings
        self._built_in = built_in
        self._tasks = Tasks(self, on_bug)
        self._loading: asyncio.Future[ModelInfo] | asyncio.Future[PreparationReport] | None = None
        self._working = False
        self._next: ModelChoice | None = None
        self._home: ModelChoice | None = None
        self._wanted = settings.get(MODEL)
        self.value = ModelsStatus()
        host.observe(self._on_host)

    @property
    def loaded(self) -> ModelInfo | None:
        """What is known of the model that is open."""
        return self._host.status.model

    @property
    def choices(self) -> tuple[ModelChoice, ...]:
        """The models to choose from, the built-in one first, each as it was opened last."""
        recent = self._settings.get(RECENT_MODELS)
        now = self.value.opened or self._settings.get(MODEL)
        return (now if now.path == "" else BUILT_IN, *recent)

    def name(self, choice: ModelChoice) -> str:
        """What a model is called: by its folder."""
        return Path(self.path(choice)).name

    def path(self, choice: ModelChoice) -> str:
        """Where a model lies."""
        return choice.path or self._built_in

    def start(self, after: asyncio.Task[None]) -> None:
        """Open the model that was open last, once `after` is done."""
        self._tasks.start(self._start(after))

    def open(self, choice: ModelChoice) -> None:
        """Open a model in place of the present one, or of one that is just being opened."""
        self.noticed.emit(None)
        self._wanted = choice
        self._home = None
        if self._working:
            self._next = choice
            self.cancel()
        else:
            self._tasks.start(self._bring_about(choice, self.value.opened))

    async def borrow(self, path: str | None) -> None:
        """Have the model in this folder open for a while, or bring back the one before it.

        What a person opens meanwhile stays instead. Nothing of this is kept for the next start.

        Raises:
            CandorError: it cannot be opened; the one before it is open again.
        """
        opened = self.value.opened
        wanted = self._home if path is None else self._choice(path)
        if wanted is None or (opened is not None and self.path(wanted) == self.path(opened)):
            self._home = None if path is None else self._home
            return
        if self._working:
            raise InvalidRequest("Another model is being opened.", "Try again when it is open.")
        self._home = self._home or opened
        await self._bring_about(wanted, self._home, lent=True)
        if self.value.opened is not wanted:
            self._home = None
            raise self.value.error or InvalidRequest(f"{self.name(wanted)} was not opened.")
        if path is None:
            self._home = None

    def retry(self) -> None:
        """Try once more to open the model that was asked for last."""
        self.open(self._wanted)

    def use_cpu(self) -> None:
        """Open the model that was asked for last on the CPU."""
        self.open(replace(self._wanted, provider=Provider.CPU, device=0))

    def cancel(self) -> None:
        """Open no other model after all; the former one is opened again."""
        if self._loading is not None and not self.value.going_back:
            self._loading.cancel()

    def prepare(self, choice: ModelChoice) -> None:
        """Make a faster copy of a model; the open one is opened again afterwards."""
        if not self._working:
            self.noticed.emit(None)
            self._tasks.start(self._prepare(choice))

    def forget(self, choice: ModelChoice) -> None:
        """List a model no longer."""
        recent = self._settings.get(RECENT_MODELS)
        kept = tuple(each for each in recent if each.path != choice.path)
        self._settings.set(RECENT_MODELS, kept)
        self.changed.emit(self.value)

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    async def _start(self, after: asyncio.Task[None]) -> None:
        await asyncio.wait({after})
        former = BUILT_IN if self._wanted.path else None
        await self._bring_about(self._wanted, former)

    def _choice(self, path: str) -> ModelChoice:
        """A model as it was opened last."""
        known = (each for each in self.choices if self.path(each) == path)
        return next(known, ModelChoice(path))

    async def _bring_about(
        self, choice: ModelChoice, former: ModelChoice | None, *, lent: bool = False
    ) -> None:
        """Open a model, then what was asked for meanwhile; a `lent` one is not remembered."""
        wanted: ModelChoice | None = choice
        self._working = True
        try:
            while wanted is not None:
                self._next = None
                await self._open(wanted, former, lent=lent and wanted is choice)
                wanted, former = self._next, self.value.opened or former
        finally:
            self._working = False

    async def _open(
        self, choice: ModelChoice, former: ModelChoice | None, *, lent: bool = False
    ) -> None:
        """Open a model; the `former` one again where that fails and no other is wanted."""
        self._loading = None
        self._show(replace(self.value, opening=choice, done=0.0, error=None))
        try:
            await self._conversation.pause()
            error = await self._attempt(choice)
            offers_cpu = self._host.status.offers_cpu
            if self.value.opened is choice:
                if not lent:
                    self._remember(choice)
            elif former is not None and self._next is None:
                self._show(replace(self.value, opening=former, going_back=True, done=0.0))
                await self._attempt(former)
        finally:
            self._show(replace(self.value, opening=None, going_back=False))
        if error is not None:
            self._show(replace(self.value, error=error))
            self._explain(choice, error, offers_cpu)

    async def _attempt(self, choice: ModelChoice) -> CandorError | None:
        """Load a model; return why that failed. A cancelled load has no reason."""
        self._show(replace(self.value, opened=None))
        load = self._host.load(
            self.path(choice),
            choice.variant,
            choice.provider,
            choice.device,
            precision=choice.precision,
        )
        self._loading = loading = asyncio.ensure_future(load)
        try:
            await asyncio.wait({loading})
        finally:
            loading.cancel()
        if loading.cancelled():
            return None
        if isinstance(error := loading.exception(), CandorError):
            return error
        loading.result()
        self._show(replace(self.value, opened=choice))
        return None

    async def _prepare(self, choice: ModelChoice) -> None:
        self._working = True
        self._show(replace(self.value, preparing=choice, doing="", done=0.0, error=None))
        error: BaseException | None = None
        try:
            await self._conversation.pause()
            request = Prepare(self.path(choice), choice.variant, choice.precision)
            self._loading = work = asyncio.ensure_future(self._host.prepare(request))
            try:
                await asyncio.wait({work})
            finally:
                work.cancel()
            error = None if work.cancelled() else work.exception()
        finally:
            self._working = False
            self._show(replace(self.value, preparing=None))
        if isinstance(error, CandorError):
            self._show(replace(self.value, error=error))
        elif error is not None:
            raise error

    def _remember(self, choice: ModelChoice) -> None:
        self._settings.set(MODEL, choice)
        if choice.path:
            recent = self._settings.get(RECENT_MODELS)
            others = (each for each in recent if each.path != choice.path)
            self._settings.set(RECENT_MODELS, (choice, *others)[:MOST_RECENT])

    def _explain(self, choice: ModelChoice, error: CandorError, offers_cpu: bool) -> None:
        message = f"{self.name(choice)} was not opened. {error.message}"
        opened = self.value.opened
        again = f"{self.name(opened)} is open instead." if opened else OTHERWISE
        hint = f"{error.hint} {again}".lstrip()
        self.noticed.emit(Notice(message, hint, can_retry=True, offers_cpu=offers_cpu))

    def _on_host(self, status: HostStatus) -> None:
        if self._working:
            if status.progress is not None and status.progress.total:
                done = status.progress.done / status.progress.total
                doing = STAGES.get(status.progress.stage, "")
                self._show(replace(self.value, doing=doing, done=done))
        elif status.state in (HostState.FAILED, HostState.STOPPED) and status.sentence:
            self._wanted = self.value.opened or self._wanted
            self._show(replace(self.value, opened=None))
            notice = Notice(status.sentence, OTHERWISE, True, status.offers_cpu)
            self.noticed.emit(notice)

    def _show(self, status: ModelsStatus) -> None:
        if status != self.value:
            self.value = status
            self.changed.emit(status)
