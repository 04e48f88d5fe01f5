"""An answer of the model's: reasoning apart, coloured text, and how it ended.

In: deltas as they are flushed, then the finished turn; or a turn that ended earlier. Out: which
token was picked.
"""

import time
from collections.abc import Callable
from itertools import chain

from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.conversation import PromptRead, Turn, TurnState, deltas
from app.domain.events import Delta
from app.domain.heat import HeatMode, Reading
from app.domain.tokens import Channel
from app.ui.chat.actions import AnswerActions
from app.ui.chat.answer_text import AnswerText, is_raw
from app.ui.chat.footer import AnswerFooter
from app.ui.chat.heat import Heat
from app.ui.chat.message import MessageView, Place
from app.ui.chat.overrule import OverruleRow, Steps
from app.ui.chat.token_page import TokenPage
from app.ui.chat.trace import TracePanel
from app.ui.chat.traces import NAMES, Traces
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.viewmodels.figures import is_plain
from app.ui.widgets import label, set_kind


class AnswerView(MessageView):
    """One answer; `picked` carries a token's index in it, `stepped` -1 or 1 to a neighbour.

    `answered_now` ends its thought, `cut_asked` carries where it could have ended.
    """

    picked = Signal(object)
    stepped = Signal(object)
    answered_now = Signal()
    cut_asked = Signal(object)

    def __init__(
        self,
        theme: Theme,
        mode: HeatMode = HeatMode.SURPRISE,
        reading: Reading = Reading(),  # noqa: B008
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._mode = mode
        self._reading = reading
        self._ended = False
        self._count = 0
        self._selected: int | None = None
        self.body = AnswerText(mode, theme, reading)
        self.traces = Traces(self, clock)
        self.traces.made.connect(self._add_trace)
        self._waiting = label("Waiting for the model", kind="muted")
        self._note = label(kind="note", wrap=True)
        self.others = OverruleRow()
        self._steps: Steps = ()
        self._answered_by = ""
        self.footer = AnswerFooter()
        self.action_row = AnswerActions()
        self._lay_out()
        self.body.picked.connect(self.picked)
        self.body.stepped.connect(lambda by: self._step(self.answer, by))

    def grow(self, delta: Delta) -> None:
        """Add what came for an answer that is being written."""
        if delta.channel in NAMES:
            self.traces.panel(delta.channel).pane.live = True
        self._extend(delta)
        self.traces.time(thinking=delta.channel is Channel.REASONING)

    def present(self, turn: Turn) -> None:
        """Show an answer that ended earlier."""
        for delta in deltas(turn):
            self._extend(delta)
        self.change(turn)

    def read(self, progress: PromptRead) -> None:
        """Show how much of the prompt has been read."""
        self._waiting.setText(wording.reading(progress.done, progress.total))

    def change(self, turn: Turn) -> None:
        """Show how the answer ended."""
        self._ended = True
        self._waiting.hide()
        self.traces.end(turn)
        self.body.end()
        self._note.setText(turn.note)
        set_kind(self._note, "muted" if is_plain(turn) else "note")
        self._note.setVisible(bool(turn.note))
        self._answered_by = turn.origin.step if turn.origin else ""
        self.others.show_steps(self._steps, self._answered_by)
        self.footer.show_turn(turn)
        failed = turn.state in (TurnState.FAILED, TurnState.INTERRUPTED)
        ballot = turn.origin.ballot if turn.origin else None
        self.action_row.show_end(
            failed=failed,
            has_text=bool(turn.text),
            elected=turn.state is TurnState.FINISHED and ballot is not None,
        )
        self.footer.show()

    def select(self, number: int | None) -> QRect:
        """Frame the token with this index, or none; return where it is in this widget."""
        self._selected = number
        for trace in self.traces:
            trace.select(number)
        shown = QRect()
        for text in self.texts():
            text.select(number)
            if number is not None and text.holds(number):
                self._reveal(text, number)
                shown = self._rect(text, number)
        return shown

    def show_mode(self, mode: HeatMode) -> None:
        """Colour the tokens by `mode`; without colours the answer's Markdown is rendered."""
        self._mode = mode
        self.recolour(self._theme)

    def show_reading(self, reading: Reading) -> None:
        """Show this with the colours."""
        self._reading = reading
        self.recolour(self._theme)

    def show_steps(self, steps: Steps) -> None:
        """Offer these steps of Auto where one of them has answered."""
        self._steps = steps
        self.others.show_steps(steps, self._answered_by)

    def set_can_ask(self, can_ask: bool) -> None:
        """Whether another answer could be written now."""
        self.action_row.set_enabled(can_ask)
        self.others.set_enabled(can_ask)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.body.show_as(self._mode, theme, self._reading)
        for trace in self.traces:
            self._recolour_trace(trace)

    def chain_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come here from `before`; return where it leaves from."""
        above, below = (self.traces.known(each) for each in NAMES)
        parts = (*above, self.body.face, *below)
        stops = [part.stops() if isinstance(part, TracePanel) else (part,) for part in parts]
        for stop in chain(*stops, self.others.buttons, self.action_row.stops()):
            QWidget.setTabOrder(before, stop)
            before = stop
        return before

    @property
    def pinned(self) -> bool:
        """While it is being written, nothing else could make it again."""
        return not self._ended

    def place_at(self, y: int) -> Place:
        """What lies `y` pixels below the top, by its text where it is in the answer."""
        position = self.body.position_at(y - self.body.y())
        top = None if position is None else self._top_of(position)
        if top is None:
            return super().place_at(y)
        return Place(y / max(self.height(), 1), position, y - top)

    def y_of(self, place: Place) -> int:
        """Where a place lies now, in pixels below the top."""
        top = None if place.position is None else self._top_of(place.position)
        return super().y_of(place) if top is None else top + place.below

    @property
    def reasoning(self) -> TracePanel:
        """The thought before the answer."""
        return self.traces.panel(Channel.REASONING)

    @property
    def tool_call(self) -> TracePanel:
        """The call that the model asked for."""
        return self.traces.panel(Channel.TOOL)

    @property
    def answer(self) -> TokenPage:
        """The page of the answer itself, which another look may replace."""
        return self.body.face

    @property
    def note(self) -> str:
        """What is said on how the answer ended."""
        return self._note.text()

    def texts(self) -> tuple[TokenPage, ...]:
        """The texts of the answer, in the order in which they are shown."""
        above, below = (self.traces.known(each) for each in NAMES)
        return *(each.body for each in above), self.answer, *(each.body for each in below)

    def _top_of(self, position: int) -> int | None:
        """Where the line with this position of the answer's text begins, if that is known."""
        inside = self.body.height_at(position)
        return None if inside is None else self.body.y() + inside

    def _rect(self, text: TokenPage, number: int) -> QRect:
        """Where a token is in this widget."""
        rect = text.token_rect(number).toRect()
        return QRect(text.mapTo(self, rect.topLeft()), rect.size())

    def _extend(self, delta: Delta) -> None:
        self._waiting.hide()
        text = self._text_of(delta.channel)
        part = self.body if delta.channel is Channel.ANSWER else text
        part.extend(delta.text, delta.tokens, self._count)
        self._count += len(delta.tokens)
        if delta.channel is Channel.ANSWER:
            self.body.show()
        elif delta.channel is Channel.TOOL:
            self.tool_call.set_title(f"Tool call · {wording.tokens(text.token_count)}")
            self.tool_call.show_numbers()
        elif delta.channel is Channel.REASONING:
            self.reasoning.show_numbers()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for part in (self.body, self._waiting, self._note, self.others, self.footer):
            layout.addWidget(part)
        self.footer.add_actions(self.action_row)
        for hidden in (self.body, self._note, self.footer):
            hidden.hide()

    def _add_trace(self, channel: Channel) -> None:
        """Put a panel above the answer, or below it."""
        trace, layout = self.traces.panel(channel), self.layout()
        assert isinstance(layout, QVBoxLayout)
        below = channel is not Channel.REASONING
        layout.insertWidget(layout.indexOf(self.body) + below, trace)
        trace.body.picked.connect(self.picked)
        trace.body.stepped.connect(lambda by: self._step(trace.body, by))
        trace.answered_now.connect(self.answered_now)
        trace.cut_asked.connect(self.cut_asked)
        self._recolour_trace(trace)
        self.chain_changed.emit()

    def _recolour_trace(self, trace: TracePanel) -> None:
        theme = self._theme
        trace.body.show_raw(is_raw(self._mode, self._reading))
        trace.body.recolour(Heat(self._mode, theme, theme.surface, self._reading), theme.accent)
        trace.recolour(theme)

    def _step(self, text: TokenPage, by: int) -> None:
        first = text.run.first()
        if self._selected is not None:
            self.stepped.emit(by)
        elif first is not None:
            self.picked.emit(first)

    def _reveal(self, text: TokenPage, number: int) -> None:
        """Unfold the trace that holds the selection, and let the keyboard follow it."""
        for trace in self.traces:
            if trace.body is text:
                trace.reveal(number)
        if any(other.hasFocus() for other in self.texts()):
            text.setFocus()

    def _text_of(self, channel: Channel) -> TokenPage:
        return self.traces.panel(channel).body if channel in NAMES else self.answer
