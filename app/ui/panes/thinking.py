"""What thinking buys, as a picture: right answers over tokens, measured on the built-in model."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.services.thinking_report import ThinkingReport, WayPoint
from app.ui.dialogs import Dialog
from app.ui.widgets import label, scaled_font

HEIGHT = 250
MARGINS = (40, 12, 14, 30)
RADIUS = 3.5
GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
MEANING = (
    "The built-in model on {questions} questions that it was never trained on. A thought that is"
    " cut short can be worse than none. Dots: so many tokens of thought at most. Rings: other ways."
)


class Curve(QWidget):
    """The budgets as a line, every other way as a ring; each has its name beside it."""

    def __init__(self, report: ThinkingReport) -> None:
        super().__init__()
        self._report = report
        self._most = max(point.tokens for point in report.points) * 1.12
        self.setFont(scaled_font(self, 0.85))
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Right answers over tokens")
        self.setAccessibleDescription("; ".join(map(_told, report.points)))
        self.setToolTip("\n".join(map(_told, report.points)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the grid, the line of the budgets, and the ways."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_grid(painter)
        colour = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(colour, 1.6))
        painter.drawPolyline([self._place(point) for point in self._report.budgets])
        for point in self._report.points:
            own = point in self._report.budgets
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(colour if own else self.palette().color(QPalette.ColorRole.Window))
            painter.drawEllipse(self._place(point), RADIUS, RADIUS)
        self._name_points(painter)

    def _draw_grid(self, painter: QPainter) -> None:
        room, muted = self._room(), self.palette().color(QPalette.ColorRole.PlaceholderText)
        line = self.palette().color(QPalette.ColorRole.Mid)
        for share in GRID:
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(muted)
            box = QRectF(0, y - 9, room.left() - 6, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, f"{share:.0%}")
        foot = QRectF(room.left(), room.bottom() + 8, room.width(), 18)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, "tokens for an answer")
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{self._most:.0f}")

    def _name_points(self, painter: QPainter) -> None:
        """Write each name above or below its point, where there is room; all are in the tooltip."""
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        around = QPointF(2 * RADIUS, 2 * RADIUS)
        places = map(self._place, self._report.points)
        taken = [QRectF(place - around, place + around) for place in places]
        for point in self._report.points:
            name, place = _short(point), self._place(point)
            width = self.fontMetrics().horizontalAdvance(name) + 6
            for top in (-22, 7):
                box = QRectF(place.x() - width / 2, place.y() + top, width, 15)
                if not any(box.intersects(other) for other in taken):
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
                    taken.append(box)
                    break

    def _place(self, point: WayPoint) -> QPointF:
        room = self._room()
        x = room.left() + point.tokens / self._most * room.width()
        return QPointF(x, room.bottom() - point.right * room.height())

    def _room(self) -> QRectF:
        left, top, right, bottom = MARGINS
        return QRectF(self.rect()).adjusted(left, top, -right, -bottom)


class ThinkingDialog(Dialog):
    """The picture and what it says."""

    def __init__(self, parent: QWidget, report: ThinkingReport) -> None:
        super().__init__(parent, "What thinking buys")
        self.curve = Curve(report)
        meaning = MEANING.format(questions=f"{report.questions:,}")
        self.body.addWidget(label(meaning, kind="muted", wrap=True))
        self.body.addWidget(self.curve)
        self.complete(self.curve)


def _short(point: WayPoint) -> str:
    return point.way.removesuffix(" tokens").removesuffix(", no thought")


def _told(point: WayPoint) -> str:
    return f"{point.way}: {point.right:.0%} right at {point.tokens:,.0f} tokens"
