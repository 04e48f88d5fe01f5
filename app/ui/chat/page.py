"""Text that is as high as what it holds: a page of the conversation, which scrolls around it.

Read-only, selectable by mouse and keyboard, and deaf to files: nothing that a text names is loaded.
"""

from math import ceil

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from app.ui.chat.geometry import line_top, lines_in
from app.ui.widgets import name_scroll_bars

SCROLLING = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)


class PageText(QTextBrowser):
    """`fitted` tells that the height is another one."""

    fitted = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("kind", "page")
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setCursorWidth(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        name_scroll_bars(self, name)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(lambda: bar.setRange(0, 0))  # line breaks at the end have no room
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def position_at_height(self, y: int) -> int:
        """Where the line at this height begins in the text, in UTF-16 units."""
        return next((line.start for line in lines_in(self.document(), y, y)), 0)

    def height_at_position(self, position: int) -> int:
        """Where the line with this position begins, in pixels."""
        return round(line_top(self.document(), position))

    def loadResource(self, type: int, name: QUrl | str) -> None:
        """Nothing: no text of a model's opens a file."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The conversation scrolls, not its parts; with Shift the keys select text."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in SCROLLING and not shift:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The conversation scrolls, not its parts."""
        event.ignore()

    def _fit(self) -> None:
        """Be as high as the text without the line breaks at its end."""
        last = self.document().lastBlock()
        while last.length() == 1 and last.previous().isValid():
            last = last.previous()
        bottom = self.document().documentLayout().blockBoundingRect(last).bottom()
        height = ceil(bottom + self.document().documentMargin())
        if height != self.height():
            self.setFixedHeight(height)
            self.fitted.emit()
