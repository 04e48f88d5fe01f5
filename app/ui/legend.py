"""The line that says what colours words: the choice, and the ramp with the ends of its scale."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.domain.heat import HeatMode
from app.ui.segments import Segments
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat import SCALES
from app.ui.widgets import button, label

TEXT_MODES = tuple(mode for mode in HeatMode if mode is not HeatMode.DRAFT)
"""What tokens can be coloured by that nothing was drafted for."""

KEYS = "Ctrl+{}"
VIEW_KEYS = "Ctrl+Shift+V"


class Ramp(QWidget):
    """The heat colours side by side."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setFixedSize(72, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one stripe per step."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        width = self.width() / (HEAT_STEPS + 1)
        for step in range(HEAT_STEPS + 1):
            painter.setBrush(QColor(heat_colour(self.theme, step, self.theme.surface)))
            painter.drawRect(QRectF(step * width, 0, width + 1, self.height()))


class ScaleView(QWidget):
    """The ramp between the words at its ends."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.calm = label(kind="muted")
        self.hot = label(kind="muted")
        self.ramp = Ramp(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (self.calm, self.ramp, self.hot):
            row.addWidget(part)

    def show_mode(self, mode: HeatMode) -> None:
        """Show the scale of `mode`."""
        scale = SCALES[mode]
        self.calm.setText(scale.calm)
        self.hot.setText(scale.hot)
        self.ramp.setVisible(bool(scale.calm))
        self.ramp.setAccessibleName(f"Colours from {scale.calm} to {scale.hot}")
        self.ramp.setAccessibleDescription(scale.meaning)
        self.setToolTip(scale.meaning)


class Legend(QFrame):
    """`chosen` carries the HeatMode that a person asked for, `view_asked` wants the view's menu."""

    chosen = Signal(object)
    view_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        mode: HeatMode,
        modes: tuple[HeatMode, ...] = tuple(HeatMode),
        keys: str = KEYS,
    ) -> None:
        """`keys` has `{}` where a mode's number goes."""
        super().__init__()
        self._offered = modes
        self.setObjectName("legend")
        self._name = label("Colour words by", kind="muted")
        self._modes = Segments("Colour words by", modes, keys)
        self._modes.chosen.connect(lambda place: self.chosen.emit(modes[place]))
        self.scale = ScaleView(theme)
        self.view = button("View", self.view_asked.emit, kind="quiet", keys=VIEW_KEYS)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 18, 8)
        row.setSpacing(10)
        row.addWidget(self._name)
        row.addWidget(self._modes)
        row.addWidget(self.view)
        row.addStretch(1)
        row.addWidget(self.scale)
        self.show_mode(mode)
        self._narrowest = self._modes.sizeHint().width() + self.view.sizeHint().width() + 46
        self.setMinimumWidth(self._narrowest)

    def show_mode(self, mode: HeatMode) -> None:
        """Mark the mode in use and show its scale."""
        self._modes.show_chosen(self._offered.index(mode))
        self.scale.show_mode(mode)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.scale.ramp.theme = theme
        self.scale.ramp.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what has no room: first the name of the choice, then the scale."""
        super().resizeEvent(event)
        room = event.size().width() - self._narrowest
        scale, name = (part.sizeHint().width() + 20 for part in (self.scale, self._name))
        self.scale.setVisible(room >= scale)
        self._name.setVisible(room >= scale + name)
