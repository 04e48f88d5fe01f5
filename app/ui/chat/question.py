"""A question of the person's, in a bubble at the right."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout

from app.ui.chat.message import MessageView
from app.ui.viewmodels.wording import excerpt
from app.ui.widgets import label, scaled_font

WIDEST_SHARE = 0.8
PADDING = 40


class QuestionView(MessageView):
    """As narrow as its text allows, and at most four fifths of the column."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._label = label(excerpt(text), kind="question", wrap=True)
        self._label.setFont(scaled_font(self._label))
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        layout.addWidget(self._label)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the text to the new width."""
        super().resizeEvent(event)
        widest = int(event.size().width() * WIDEST_SHARE)
        limits = QRect(0, 0, max(widest - PADDING, 1), 1_000_000)
        wrap = Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere
        needed = self._label.fontMetrics().boundingRect(limits, wrap, self._label.text())
        self._label.setFixedWidth(min(needed.width() + PADDING, widest))
