"""The selected token under the present sliders: asks for replays, and says what there is to show.

In: the selection, the sampling parameters, the engine's state. Out: `Inspection`s. At most one
replay is under way; whatever is moved meanwhile, only the latest values are asked for after it.
"""

import asyncio
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.drawing import Drawing
from app.domain.events import Replayed
from app.domain.requests import TokenSearch
from app.domain.sampling import SamplingParams
from app.domain.trace import Draw
from app.errors import CandorError
from app.services.engine_host import EngineHost
from app.services.host_status import HostState, HostStatus
from app.services.replay import Look
from app.ui.tasks import Tasks
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.selection import Selected, TokenSelection

MOMENT_MS = 150
MOST_FOUND = 8
STORED = "Only the numbers stored with the answer are shown."
NO_MODEL = f"No model is loaded. {STORED}"
LOADING = f"The model is not ready yet. {STORED}"


class TokenSource(Protocol):
    """Where the selected tokens come from."""

    def drawing(self, selected: Selected) -> Drawing:
        """How a token was drawn."""
        ...

    async def replay(
        self, selected: Selected, sampling: SamplingParams, look: Look
    ) -> Replayed | None:
        """A token once more; None where a newer replay took its place.

        Raises:
            CandorError: it cannot be replayed.
        """
        ...


class _Asked(Struct, frozen=True):
    """Under which sampling a token is replayed, and what else is asked of it.

    `own` is how it was drawn, where draws are looked at: sliders draw nothing anew.
    """

    params: SamplingParams
    look: Look
    own: Drawing | None


class Inspection(Struct, frozen=True):
    """A token, its replay as far as there is one, and what to say about that.

    `searched` is the text that the replay looked for. With a trace, `draw` is the one that chose
    the token, whatever the sliders say by now, or `undrawn` the reason why there was none; `moved`
    says that the sliders are no longer those of that draw.
    """

    selected: Selected | None = None
    replayed: Replayed | None = None
    recomputing: bool = False
    note: str = ""
    searched: str = ""
    draw: Draw | None = None
    undrawn: str = ""
    moved: bool = False


class ReplayModel(QObject):
    """Follows selection and sliders; `changed` carries the next Inspection."""

    changed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        source: TokenSource,
        selection: TokenSelection,
        sampling: SamplingModel,
        tasks: Tasks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._sampling = sampling
        self._tasks = tasks
        self._state = host.status.state
        self._asked: _Asked | None = None
        self._look = Look()
        self._work: asyncio.Task[None] | None = None
        self.value = Inspection()
        self._moment = QTimer(self, singleShot=True, interval=MOMENT_MS)
        self._moment.timeout.connect(self._say_recomputing)
        selection.changed.connect(self._select)
        sampling.changed.connect(self._resample)
        host.observe(self._on_host)

    @property
    def settled(self) -> bool:
        """Whether nothing is being asked for."""
        return self._work is None

    def search(self, text: str) -> None:
        """Look for tokens that hold this text or have this id; an empty text looks for none."""
        found = TokenSearch(text, MOST_FOUND) if text else None
        self._look = replace(self._look, search=found)
        self._resample()

    def trace(self, on: bool) -> None:
        """Whether every stage of the sampler is asked for."""
        self._look = replace(self._look, trace=on)
        self._resample()

    def refresh(self) -> None:
        """Look again, since more may be known of how the token was drawn."""
        self._resample()

    def _select(self, selected: Selected | None) -> None:
        self._abandon()
        self._show(Inspection(selected))
        self._resample()

    def _resample(self) -> None:
        """Ask for the present values, unless a replay under way will see to that."""
        selected = self.value.selected
        if selected is None:
            return
        own = self._source.drawing(selected) if self._look.trace else None
        seed = own.sampling.seed if own and own.sampling else None
        asked = _Asked(replace(self._sampling.params, seed=seed), self._look, own)
        if asked == self._asked:
            return
        if self._state is not HostState.READY:
            self._give_up(NO_MODEL if self._state in _WITHOUT_MODEL else LOADING)
        elif self._work is None:
            self._asked = asked
            self._moment.start()
            self._work = self._tasks.start(self._replay(selected, asked))

    async def _replay(self, selected: Selected, asked: _Asked) -> None:
        try:
            replayed = await self._source.replay(selected, asked.params, asked.look)
            shown = Inspection(selected, replayed)
            if replayed is None:
                self._asked = None
            elif asked.own is not None:
                shown = await self._with_draw(shown, asked.own, asked.params)
        except CandorError as error:
            shown = Inspection(selected, note=f"{error.message} {STORED}")
        else:
            shown = replace(shown, searched=asked.look.search.text if asked.look.search else "")
        self._work = None
        self._moment.stop()
        self._show(shown)
        self._resample()

    async def _with_draw(
        self, shown: Inspection, own: Drawing, params: SamplingParams
    ) -> Inspection:
        """The same with the draw that chose its token."""
        selected = shown.selected
        if own.sampling is None or selected is None:
            return replace(shown, undrawn=own.reason)
        if own.sampling == params:
            return replace(shown, draw=_draw(shown.replayed))
        known = self.value.draw
        if known is None:
            look = Look(trace=True)
            known = _draw(await self._source.replay(selected, own.sampling, look))
        return replace(shown, draw=known, moved=True)

    def _abandon(self) -> None:
        if self._work is not None:
            self._work.cancel()
        self._work = self._asked = None
        self._moment.stop()

    def _give_up(self, note: str) -> None:
        self._show(Inspection(self.value.selected, note=note))

    def _say_recomputing(self) -> None:
        self._show(replace(self.value, recomputing=True))

    def _show(self, value: Inspection) -> None:
        self.value = value
        self.changed.emit(value)

    def _on_host(self, status: HostStatus) -> None:
        """Another model, or none: what was replayed is no longer what the sliders do."""
        if status.state is not self._state:
            self._state = status.state
            self._abandon()
            self._resample()


def _draw(replayed: Replayed | None) -> Draw | None:
    return replayed.trace.draw if replayed and replayed.trace else None


_WITHOUT_MODEL = (HostState.STOPPED, HostState.FAILED)
