"""An answer of the model's: reasoning apart, coloured text, and how it ended.

In: deltas as they are flushed, then the finished turn; or a turn that ended earlier. Out: which
token was picked.
"""

from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.conversation import PromptRead, Turn, TurnState, deltas
from app.domain.events import Delta
from app.domain.tokens import Channel
from app.ui.chat.actions import AnswerActions
from app.ui.chat.heat import HeatFormats
from app.ui.chat.token_text import TokenText
from app.ui.chat.trace import TracePanel
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.widgets import label, scaled_font


class AnswerView(QWidget):
    """One answer; `picked` carries a token's index in it, `stepped` -1 or 1 to a neighbour."""

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._count = 0
        self._selected: int | None = None
        self.answer = TokenText("Answer")
        self.answer.setFont(scaled_font(self.answer, 1.15))
        self.reasoning = TracePanel(TokenText("Reasoning"))
        self.tool_call = TracePanel(TokenText("Tool call"))
        self._waiting = label("Waiting for the model", kind="muted")
        self._note = label(kind="note", wrap=True)
        self._footer = label(kind="muted")
        self.action_row = AnswerActions()
        self._lay_out()
        self._connect()
        self.recolour(theme)

    def grow(self, delta: Delta) -> None:
        """Add text and tokens of one channel."""
        self._waiting.hide()
        text = self._text_of(delta.channel)
        text.extend(delta.text, delta.tokens, self._count)
        self._count += len(delta.tokens)
        if delta.channel is Channel.TOOL:
            self.tool_call.set_title(f"Tool call · {wording.tokens(text.token_count)}")
        elif delta.channel is Channel.ANSWER and text.toPlainText():
            self.answer.show()
        self._entitle_reasoning(over=self.answer.isVisibleTo(self))

    def present(self, turn: Turn) -> None:
        """Show an answer that ended earlier."""
        for delta in deltas(turn):
            self.grow(delta)
        self.change(turn)

    def read(self, progress: PromptRead) -> None:
        """Show how much of the prompt has been read."""
        self._waiting.setText(wording.reading(progress.done, progress.total))

    def change(self, turn: Turn) -> None:
        """Show how the answer ended."""
        self._waiting.hide()
        if count := self.reasoning.body.token_count:
            self.reasoning.set_title(wording.thought(turn.reasoning_s, count))
        for part, text in ((self._note, turn.note), (self._footer, wording.footer(turn))):
            part.setText(text)
            part.setVisible(bool(text))
        failed = turn.state in (TurnState.FAILED, TurnState.INTERRUPTED)
        self.action_row.show_end(failed=failed, has_text=bool(turn.text))
        self.action_row.show()

    def select(self, number: int | None) -> QRect:
        """Frame the token with this index, or none; return where it is in this widget."""
        self._selected = number
        shown = QRect()
        for text in self.texts():
            text.select(number)
            if number is not None and text.holds(number):
                self._reveal(text)
                corner = text.mapTo(self, text.token_rect(number).toRect().topLeft())
                shown = QRect(corner, text.token_rect(number).toRect().size())
        return shown

    def set_can_ask(self, can_ask: bool) -> None:
        """Whether another answer could be written now."""
        self.action_row.set_enabled(can_ask)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        traces = HeatFormats(theme, theme.surface)
        self.answer.recolour(HeatFormats(theme, theme.window), theme.accent)
        self.reasoning.body.recolour(traces, theme.accent)
        self.tool_call.body.recolour(traces, theme.accent)

    def chain_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come here from `before`; return where it leaves from."""
        reasoning, tool_call = self.reasoning, self.tool_call
        stops = (reasoning.heading, reasoning.body, self.answer, tool_call.heading, tool_call.body)
        for stop in (*stops, *self.action_row.stops()):
            QWidget.setTabOrder(before, stop)
            before = stop
        return before

    @property
    def note(self) -> str:
        """What is said on how the answer ended."""
        return self._note.text()

    def texts(self) -> tuple[TokenText, ...]:
        """The texts of the answer, in the order in which they are shown."""
        return self.reasoning.body, self.answer, self.tool_call.body

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for part in (self.reasoning, self.answer, self.tool_call):
            layout.addWidget(part)
        for part in (self._waiting, self._note):
            layout.addWidget(part)
        foot = QHBoxLayout()
        foot.addWidget(self._footer)
        foot.addWidget(self.action_row, 1)
        layout.addLayout(foot)
        for hidden in (self.answer, self._note, self._footer, self.action_row):
            hidden.hide()

    def _connect(self) -> None:
        for text in self.texts():
            text.picked.connect(self.picked)
            text.stepped.connect(lambda by, text=text: self._step(text, by))

    def _step(self, text: TokenText, by: int) -> None:
        first = text.first()
        if self._selected is not None:
            self.stepped.emit(by)
        elif first is not None:
            self.picked.emit(first)

    def _reveal(self, text: TokenText) -> None:
        """Unfold the trace that holds the selection, and let the keyboard follow it."""
        for trace in (self.reasoning, self.tool_call):
            if trace.body is text:
                trace.open()
        if any(other.hasFocus() for other in self.texts()):
            text.setFocus()

    def _entitle_reasoning(self, *, over: bool) -> None:
        if count := self.reasoning.body.token_count:
            self.reasoning.set_title(wording.thinking(count, over=over))

    def _text_of(self, channel: Channel) -> TokenText:
        apart = {Channel.REASONING: self.reasoning.body, Channel.TOOL: self.tool_call.body}
        return apart.get(channel, self.answer)
