"""The place to write: Enter sends, Shift+Enter begins a line, Stop ends the answer.

Out: `sent` with the text, which stays until the chat has taken it.
"""

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain.models import ModelInfo
from app.domain.reasoning import Effort
from app.errors import InvalidRequest
from app.ui.segments import Segments
from app.ui.viewmodels import wording
from app.ui.widgets import button, label, name_scroll_bars, scaled_font

AUTO = "Auto"
RULES_KEYS = "Ctrl+Shift+A"
AUTO_MEANING = "Answers with little first, and with more where that answer was not sure"
MOST_CHARACTERS = 200_000
MOST_LINES = 8
PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class QuestionEdit(QPlainTextEdit):
    """A text field that grows with its lines; `entered` is Enter, `refused` a text too long.

    `recalled` is the Up key in an empty field.
    `paged` is a Page key, -1 up and 1 down: the conversation is what has pages.
    """

    entered = Signal()
    recalled = Signal()
    refused = Signal(object)
    paged = Signal(object)
    focused = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Your question")
        name_scroll_bars(self, "Your question")
        self.setPlaceholderText("Ask anything. Shift+Enter for a new line.")
        self.setTabChangesFocus(True)
        self.setFont(scaled_font(self))
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends; with Shift it begins a line."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
        elif event.key() in PAGES:
            self.paged.emit(PAGES[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Up and self.document().isEmpty():
            self.recalled.emit()
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste plain text, as long as the field can hold it."""
        length = len(source.text()) + self.document().characterCount()
        if length > MOST_CHARACTERS:
            message = f"The text has {len(source.text()):,} characters and was not pasted."
            hint = f"A question can have {MOST_CHARACTERS:,}; paste a part of it."
            self.refused.emit(InvalidRequest(message, hint))
        else:
            self.insertPlainText(source.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that one writes here."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that one no longer writes here."""
        super().focusOutEvent(event)
        self.focused.emit(False)

    def _fit(self) -> None:
        rows = min(max(int(self.document().size().height()), 1), MOST_LINES)
        margins = 2 * int(self.document().documentMargin()) + 2
        self.setFixedHeight(rows * self.fontMetrics().lineSpacing() + margins)


class Composer(QFrame):
    """The field, the reasoning switch, and Send or Stop."""

    sent = Signal(str)
    stopped = Signal()
    effort_chosen = Signal(object)
    rules_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("composer")
        self.edit = QuestionEdit()
        self.send = button("Send", self._send, kind="primary", keys="Enter")
        self.stop = button("Stop", self.stopped.emit, keys="Escape")
        self._segments = Segments(
            "Reasoning", [*(each.value.capitalize() for each in Effort), AUTO]
        )
        self._segments.chosen.connect(lambda place: self.effort_chosen.emit([*Effort, None][place]))
        self.rules = button("Rules…", self.rules_asked.emit, kind="quiet", keys=RULES_KEYS)
        self.rules.setAccessibleName("Rules of Auto")
        self._reasoning = self._switch()
        self._lay_out()
        self.edit.entered.connect(self._send)
        self.edit.focused.connect(self._mark)
        self.edit.textChanged.connect(self._refresh)
        self.set_state(can_send=False, answering=False)

    def set_state(self, *, can_send: bool, answering: bool) -> None:
        """Show Stop while an answer is written; allow Send when one could begin."""
        self._can_send = can_send
        self.stop.setVisible(answering)
        self.send.setVisible(not answering)
        self._refresh()

    def show_effort(
        self,
        model: ModelInfo | None,
        effort: Effort | None,
        budget: int | None = None,
        *,
        can_route: bool = False,
    ) -> None:
        """Show the switch where the model reasons, and what each effort means for it.

        `budget` goes before the effort. A model that does not reason can still be left for another
        one where Auto `can_route`.
        """
        reasons = model is not None and model.reasons
        effort = effort if reasons or effort is None else Effort.OFF
        self._reasoning.setVisible(reasons or (model is not None and can_route))
        self.rules.setVisible(effort is None)
        self._segments.show_chosen([*Effort, None].index(effort))
        for place, each in enumerate(Effort):
            self._segments.set_possible(place, reasons or each is Effort.OFF)
            if model is not None:
                self._segments.explain(place, wording.effort(model, each, budget))
        self._segments.explain(len(Effort), AUTO_MEANING)

    def restore(self, text: str) -> None:
        """Put a question back that got no answer, unless another one is being written."""
        if not self.edit.toPlainText():
            self.edit.setPlainText(text)

    def _send(self) -> None:
        text = self.edit.toPlainText()
        if self._can_send and text.strip():
            self.edit.clear()
            self.sent.emit(text)

    def _refresh(self) -> None:
        self.send.setEnabled(self._can_send and bool(self.edit.toPlainText().strip()))

    def _mark(self, active: bool) -> None:
        self.setProperty("active", active)
        self.style().unpolish(self)
        self.style().polish(self)

    def _switch(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label("Reasoning", kind="muted"))
        row.addWidget(self._segments)
        row.addWidget(self.rules)
        return holder

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        controls.addWidget(self._reasoning)
        controls.addStretch(1)
        controls.addWidget(self.stop)
        controls.addWidget(self.send)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 12, 12)
        layout.setSpacing(10)
        layout.addWidget(self.edit)
        layout.addLayout(controls)
