"""One of a few values, folded away: a combo box with a sign of our own."""

from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QComboBox

from app.ui.widgets import name_scroll_bars

SIGN = 4.0


class Choice(QComboBox):
    """Called `name`; each entry has a text and the value it stands for.

    The values stay here: Qt would give an enum of strings back as a plain string.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._values: list[Any] = []
        for part in (self, self.view(), self.view().window()):
            part.setAccessibleName(name)
        name_scroll_bars(self.view(), name)

    def show_values(self, named: list[tuple[str, object]], chosen: object) -> None:
        """Offer these; what is chosen is told to nobody."""
        self.blockSignals(True)
        self.clear()
        self.addItems([text for text, _ in named])
        self._values = [value for _, value in named]
        self.choose(chosen)
        self.setEnabled(len(named) > 1)
        self.blockSignals(False)

    def choose(self, value: object) -> None:
        """Choose a value, or the first one where it is not offered."""
        self.setCurrentIndex(self._values.index(value) if value in self._values else 0)

    def value(self) -> Any:
        """The value that is chosen; None where none is offered."""
        return self._values[self.currentIndex()] if self._values else None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel scrolls; it chooses nothing by accident."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and text of the style sheet, and the sign that it opens."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = QPalette.ColorRole.PlaceholderText
        painter.setPen(QPen(self.palette().color(role), 1.6, c=Qt.PenCapStyle.RoundCap))
        centre = QPointF(self.width() - 16, self.height() / 2)
        left, tip, right = QPointF(-SIGN, -SIGN / 2), QPointF(0, SIGN / 2), QPointF(SIGN, -SIGN / 2)
        painter.drawPolyline(QPolygonF([centre + left, centre + tip, centre + right]))
