"""A switch that is on or off: by mouse, or with Space where the keyboard is at it."""

from PySide6.QtCore import QMargins, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from app.ui.theme.palette import Theme

TRACK = QSize(38, 22)
RING = QMargins(3, 3, 3, 3)


class Switch(QCheckBox):
    """Draws a track with a knob at one of its ends; `name` is what it switches."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setFixedSize(TRACK.grownBy(RING))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    def hitButton(self, position: QPoint) -> bool:
        """The whole of it takes a click."""
        return self.rect().contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the track, the knob, and a ring where the keyboard is."""
        theme, on = self._theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(self.rect().marginsRemoved(RING))
        painter.setPen(QPen(QColor(theme.accent if on else theme.muted), 1))
        painter.setBrush(QColor(theme.accent if on else theme.track))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        knob = QRectF(0, 0, track.height() - 6, track.height() - 6)
        centre = track.right() - track.height() / 2 if on else track.left() + track.height() / 2
        knob.moveCenter(track.center())
        knob.moveLeft(centre - knob.width() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.on_accent if on else theme.muted))
        painter.drawEllipse(knob)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
