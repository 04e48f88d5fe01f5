"""What thinking buys, as a picture: right answers over tokens, measured on the built-in model."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.services.thinking_report import ThinkingReport, WayPoint, budgets
from app.ui.choice import Choice
from app.ui.dialogs import Dialog
from app.ui.widgets import label, scaled_font

HEIGHT = 266
MARGINS = (40, 12, 14, 46)
RADIUS = 3.5
GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
TENS = (1, 10, 100, 1000, 10_000)
ALL = "All tasks"
MEANING = (
    "The built-in model on {questions} questions that it was never trained on. A thought that is"
    " cut short can be worse than none. Dots: so many tokens of thought at most. Rings:"
    " routed, and the best of 1, 4 and 8 answers with and without thought, all of which count."
)


class Curve(QWidget):
    """The budgets as a line, every other way as a ring; each has its name beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._points: Sequence[WayPoint] = ()
        self._low, self._high = 0.0, 1.0
        self.setFont(scaled_font(self, 0.85))
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Right answers over tokens")

    def show_points(self, points: Sequence[WayPoint]) -> None:
        """Draw these; the tokens go up by factors."""
        self._points = points
        found = [math.log10(point.tokens) for point in points]
        self._low, self._high = min(found) - 0.15, max(found) + 0.15
        self.setAccessibleDescription("; ".join(map(_told, points)))
        self.setToolTip("\n".join(map(_told, points)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the grid, the line of the budgets, and the ways."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_grid(painter)
        colour = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(colour, 1.6))
        line = budgets(self._points)
        painter.drawPolyline([self._place(point) for point in line])
        for point in self._points:
            own = point in line
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(colour if own else self.palette().color(QPalette.ColorRole.Window))
            painter.drawEllipse(self._place(point), RADIUS, RADIUS)
        self._name_points(painter)

    def _draw_grid(self, painter: QPainter) -> None:
        room, muted = self._room(), self.palette().color(QPalette.ColorRole.PlaceholderText)
        faint = self.palette().color(QPalette.ColorRole.Mid)
        for share in GRID:
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(muted)
            box = QRectF(0, y - 9, room.left() - 6, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, f"{share:.0%}")
        foot = QRectF(room.left(), room.bottom() + 8, room.width(), 18)
        name = foot.translated(0, 18)
        painter.drawText(name, Qt.AlignmentFlag.AlignCenter, "tokens for an answer")
        for tokens in TENS:
            x = self._across(tokens)
            if room.left() <= x <= room.right():
                painter.drawText(
                    QRectF(x - 30, foot.top(), 60, 18), Qt.AlignmentFlag.AlignCenter, f"{tokens:,}"
                )
                painter.drawLine(QPointF(x, room.bottom()), QPointF(x, room.bottom() + 4))

    def _name_points(self, painter: QPainter) -> None:
        """Write each name above or below its point, where there is room; all are in the tooltip."""
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        around = QPointF(2 * RADIUS, 2 * RADIUS)
        places = map(self._place, self._points)
        taken = [QRectF(place - around, place + around) for place in places]
        for point in self._points:
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
        return QPointF(self._across(point.tokens), room.bottom() - point.right * room.height())

    def _across(self, tokens: float) -> float:
        room = self._room()
        share = (math.log10(tokens) - self._low) / (self._high - self._low)
        return room.left() + share * room.width()

    def _room(self) -> QRectF:
        left, top, right, bottom = MARGINS
        return QRectF(self.rect()).adjusted(left, top, -right, -bottom)


class ThinkingDialog(Dialog):
    """The picture and what it says."""

    def __init__(self, parent: QWidget, report: ThinkingReport) -> None:
        super().__init__(parent, "What thinking buys")
        self._report = report
        self.curve = Curve()
        self.task = Choice("Task")
        self.task.show_values(
            [(ALL, ""), *((each.capitalize(), each) for each in report.tasks)], ""
        )
        self.task.activated.connect(self._show)
        meaning = MEANING.format(questions=f"{report.questions:,}")
        self.body.addWidget(label(meaning, kind="muted", wrap=True))
        self.body.addWidget(self.task)
        self.body.addWidget(self.curve)
        self._show()
        self.complete(self.task)

    def _show(self) -> None:
        self.curve.show_points(self._report.of(self.task.value()))


def _short(point: WayPoint) -> str:
    """The limit alone, or what sets the other ways apart."""
    name = point.way.removesuffix(" tokens").removeprefix("best of ")
    return name.replace(", no thought", " without").replace(", with thought", " with")


def _told(point: WayPoint) -> str:
    spent = f"{point.tokens:,.0f} tokens, {point.thought:,.0f} of them thought"
    return f"{point.way}: {point.right:.0%} right at {spent}"
