"""A reliability diagram: what is drawn of confidences beside the share of them that is right."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.domain.calibration import Bin
from app.ui.theme.palette import Theme

SIZE = QSize(420, 420)
MARGIN = 34.0
TICKS = (0.0, 0.5, 1.0)


class Diagram(QWidget):
    """A reliability diagram: confidence to the right, the share that is right upwards."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._before: tuple[Bin, ...] = ()
        self._after: tuple[Bin, ...] = ()
        self.setMinimumSize(SIZE)

    def show_bins(self, before: tuple[Bin, ...], after: tuple[Bin, ...]) -> None:
        """Draw these bins, as bars without and as dots with the fit."""
        self._before, self._after = before, after
        said = "; ".join(
            f"confidence {each.confidence:.2f}, {each.accuracy:.0%} of {each.count:,} right"
            for each in before
        )
        self.setAccessibleName(f"Reliability diagram: {said}")
        self.setToolTip(said.replace("; ", "\n"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, the line of perfect calibration, bars and dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 2 * MARGIN
        area = QRectF(MARGIN, MARGIN / 2, side, side)
        self._draw_axes(painter, area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bar))
        for each in self._before:
            top = _at(area, each.low, each.accuracy)
            width = (each.high - each.low) * side
            painter.drawRect(QRectF(top.x() + 1, top.y(), width - 2, area.bottom() - top.y()))
        painter.setPen(QPen(QColor(self.theme.muted), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        painter.setPen(QPen(QColor(self.theme.surface), 1.5))
        painter.setBrush(QColor(self.theme.accent))
        for each in self._after:
            painter.drawEllipse(_at(area, each.confidence, each.accuracy), 5.5, 5.5)

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.setBrush(QColor(self.theme.surface))
        painter.drawRect(area)
        painter.setPen(QColor(self.theme.muted))
        middle = Qt.AlignmentFlag.AlignHCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in TICKS:
            place = _at(area, tick, tick)
            painter.drawText(QRectF(place.x() - 30, area.bottom() + 3, 60, 16), middle, f"{tick:g}")
            painter.drawText(QRectF(0, place.y() - 8, MARGIN - 5, 16), right, f"{tick:g}")
        under = QRectF(area.left(), area.bottom() + 16, area.width(), 18)
        painter.drawText(under, middle, "Confidence, and upwards the share that is right")


def _at(area: QRectF, confidence: float, accuracy: float) -> QPointF:
    x = area.left() + confidence * area.width()
    return QPointF(x, area.bottom() - accuracy * area.height())
