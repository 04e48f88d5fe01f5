"""A question of the person's, in a bubble at the right, which can be written anew in its place."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.chat.actions import QuestionActions
from app.ui.chat.editor import QuestionEditor
from app.ui.chat.message import MessageView
from app.ui.viewmodels.wording import excerpt
from app.ui.widgets import label, scaled_font

WIDEST_SHARE = 0.8
PADDING = 34


class QuestionView(MessageView):
    """As narrow as its text allows, and at most four fifths of the column.

    `edited` carries the new text, `left` tells that the editor is closed, `refused` an error.
    """

    edited = Signal(str)
    left = Signal()
    refused = Signal(object)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._label = label(excerpt(text), kind="question", wrap=True)
        self._label.setFont(scaled_font(self._label))
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.action_row = QuestionActions()
        self.action_row.edited.connect(self.edit)
        self.editor: QuestionEditor | None = None
        self._can_ask = True
        self._lay_out()

    @property
    def pinned(self) -> bool:
        """What is being written anew must not go."""
        return self.editor is not None

    def set_can_ask(self, can_ask: bool) -> None:
        """Whether a changed question could be answered now."""
        self._can_ask = can_ask
        self.action_row.set_enabled(can_ask)
        if self.editor is not None:
            self.editor.set_enabled(can_ask)

    def edit(self) -> None:
        """Put a field in the place of the bubble."""
        if self.editor is None:
            self.editor = QuestionEditor(self._text)
            self.editor.set_enabled(self._can_ask)
            self.editor.sent.connect(self._send)
            self.editor.cancelled.connect(self.close_editor)
            self.editor.refused.connect(self.refused)
            self._column.addWidget(self.editor)
            self.editor.show()
        self._show_bubble(False)
        self.editor.begin()

    def close_editor(self) -> None:
        """Show the question as it was."""
        if self.editor is not None:
            self.editor.hide()
            self.editor.deleteLater()
            self.editor = None
            self._show_bubble(True)
            self.left.emit()

    def chain_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come here from `before`; return where it leaves from."""
        for stop in (self._label, *self.action_row.stops()):
            QWidget.setTabOrder(before, stop)
            before = stop
        return before

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the text to the new width."""
        super().resizeEvent(event)
        widest = int(event.size().width() * WIDEST_SHARE)
        limits = QRect(0, 0, max(widest - PADDING, 1), 1_000_000)
        wrap = Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere
        needed = self._label.fontMetrics().boundingRect(limits, wrap, self._label.text())
        self._label.setFixedWidth(min(needed.width() + PADDING, widest))

    def _send(self, text: str) -> None:
        self.close_editor()
        self.edited.emit(text)

    def _show_bubble(self, shown: bool) -> None:
        self._label.setVisible(shown)
        self.action_row.setVisible(shown)

    def _lay_out(self) -> None:
        bubble = QHBoxLayout()
        bubble.addStretch(1)
        bubble.addWidget(self._label)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addLayout(bubble)
        self._column.addWidget(self.action_row)
