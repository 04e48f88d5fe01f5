"""What the colours mean: the ramp from sure to unsure, in the colours the tokens have."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.widgets import label


class Ramp(QWidget):
    """The heat colours side by side."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setFixedSize(110, 10)
        self.setAccessibleName("Colours from sure to unsure")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one stripe per step."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        width = self.width() / (HEAT_STEPS + 1)
        for step in range(HEAT_STEPS + 1):
            painter.setBrush(QColor(heat_colour(self.theme, step, self.theme.surface)))
            painter.drawRect(QRectF(step * width, 0, width + 1, self.height()))


class Legend(QFrame):
    """One line: what is coloured, and the ramp."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("legend")
        self._ramp = Ramp(theme)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 8, 18, 8)
        layout.setSpacing(8)
        layout.addWidget(
            label(
                "Words are coloured by surprise",
                kind="muted",
            )
        )
        layout.addStretch(1)
        layout.addWidget(label("sure", kind="muted"))
        layout.addWidget(self._ramp)
        layout.addWidget(label("unsure", kind="muted"))

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._ramp.theme = theme
        self._ramp.update()
