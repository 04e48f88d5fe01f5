"""A question as it is written anew in its place: Enter sends, Esc leaves it as it was."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.ui.chat.composer import QuestionEdit
from app.ui.widgets import button, claims_escape, label

HINT = "It is answered anew. Both versions stay."


class QuestionEditor(QFrame):
    """`sent` carries the new text, `cancelled` leaves the old one, `refused` an error."""

    sent = Signal(str)
    cancelled = Signal()
    refused = Signal(object)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setObjectName("composer")
        self.setProperty("active", True)
        self.edit = QuestionEdit()
        self.edit.setAccessibleName("Edit your question")
        self.edit.setPlaceholderText("")
        self.edit.setPlainText(text)
        self._send = button("Send", self._submit, kind="primary", keys="Enter")
        self._send.setAccessibleName("Send the edited question")
        self._cancel = button("Cancel", self.cancelled.emit, keys="Escape")
        self.edit.entered.connect(self._submit)
        self.edit.refused.connect(self.refused)
        self.edit.textChanged.connect(self._refresh)
        self._can_send = True
        self._lay_out()

    def begin(self) -> None:
        """Let the keyboard write at the end of the text."""
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.setFocus()

    def set_enabled(self, enabled: bool) -> None:
        """Whether the question could be answered now."""
        self._can_send = enabled
        self._refresh()

    def event(self, event: QEvent) -> bool:
        """Esc stops the answer elsewhere; here it leaves the editor."""
        return claims_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the question as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _submit(self) -> None:
        if self._send.isEnabled():
            self.sent.emit(self.edit.toPlainText())

    def _refresh(self) -> None:
        self._send.setEnabled(self._can_send and bool(self.edit.toPlainText().strip()))

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        controls.addWidget(label(HINT, kind="muted"), 1)
        controls.addWidget(self._cancel)
        controls.addWidget(self._send)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 12, 12)
        layout.setSpacing(10)
        layout.addWidget(self.edit)
        layout.addLayout(controls)
