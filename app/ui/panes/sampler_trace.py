"""How the selected token was picked: every sampling stage, what it cut, and the draw."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.domain.sampling import SamplingParams
from app.domain.trace import Draw
from app.ui.chat.trace import Disclosure
from app.ui.theme.palette import Theme
from app.ui.viewmodels.replay import Inspection
from app.ui.viewmodels.sampler_trace import DrawRow, StageRow, chosen, idle, now, stage_rows
from app.ui.widgets import label

HEIGHT = 34
DRAW_HEIGHT = 12
GAP = 0.25  # of a token's room
TITLE = "How it was picked"


class StageBars(QWidget):
    """For each likely token its share before the stage, pale, and after it; a line where it cuts.

    Heights are square roots, so that what is small is seen too.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.row = StageRow("", "", (), None)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_row(self, row: StageRow) -> None:
        """Draw what a stage did."""
        self.row = row
        self.setAccessibleName(row.spoken)
        self.setToolTip("\n".join(f"{p.name}  {p.before:.4f} → {p.after:.4f}" for p in row.pairs))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pairs from left to right, then the line."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        room = self.width() / max(len(self.row.pairs), 1)
        bar = room * (1 - GAP) / 2
        for place, pair in enumerate(self.row.pairs):
            left = place * room
            self._draw(painter, left, bar, pair.before, self.theme.bar)
            self._draw(painter, left + bar, bar, pair.after, self.theme.accent)
        painter.fillRect(QRectF(0, HEIGHT - 1, self.width(), 1), QColor(self.theme.line))
        if self.row.line is not None:
            y = HEIGHT - 1 - self._height(self.row.line)
            painter.setPen(QPen(QColor(self.theme.text), 1, Qt.PenStyle.DashLine))
            painter.drawLine(0, round(y), self.width(), round(y))

    def _draw(self, painter: QPainter, x: float, width: float, share: float, colour: str) -> None:
        if share > 0:
            height = max(self._height(share), 1.0)
            painter.fillRect(QRectF(x, HEIGHT - 1 - height, width, height), QColor(colour))

    def _height(self, share: float) -> float:
        return min(share, 1.0) ** 0.5 * (HEIGHT - 3)


class DrawStrip(QWidget):
    """The numbers from 0 to 1: the part that belongs to the drawn token, and the number drawn."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.draw: Draw | None = None
        self.setFixedHeight(DRAW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip."""
        painter, draw, theme = QPainter(self), self.draw, self.theme
        painter.fillRect(self.rect(), QColor(theme.track))
        if draw is not None:
            left, right = draw.low * self.width(), draw.high * self.width()
            part = QRectF(left, 0, max(right - left, 1.0), DRAW_HEIGHT)
            painter.fillRect(part, QColor(theme.bar))
            mark = QRectF(draw.number * self.width() - 1, 0, 2, DRAW_HEIGHT)
            painter.fillRect(mark, QColor(theme.text))


class DrawView(QWidget):
    """A draw in words over its strip; hidden where there is nothing to say."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.told = label(kind="muted", wrap=True)
        self.strip = DrawStrip(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.told)
        column.addWidget(self.strip)

    def show_row(self, row: DrawRow) -> None:
        """Show a draw, or why there is none."""
        self.told.setText(row.told)
        self.strip.draw = row.draw
        self.strip.setAccessibleName(row.told)
        self.strip.setVisible(row.draw is not None)
        self.strip.update()
        self.setVisible(bool(row.told))


class SamplerTracePane(QWidget):
    """Folded away at first; `wanted` tells whether it is open and so needs to be computed."""

    wanted = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.heading = Disclosure(TITLE)
        self.heading.setText(TITLE)
        self.heading.setToolTip("Every stage of the sampler at this token, live with the sliders")
        self.heading.setChecked(False)
        self.heading.setArrowType(Qt.ArrowType.RightArrow)
        self.idle = label(kind="muted", wrap=True)
        self.draw = DrawView(theme)
        self.now = DrawView(theme)
        self._body = QWidget()
        self._rows: list[tuple[QLabel, StageBars]] = []
        self._stages = QVBoxLayout()
        self._lay_out()
        self.heading.toggled.connect(self._open)
        self._open(False)

    def show_inspection(self, shown: Inspection, params: SamplingParams) -> None:
        """Show the stages at this position under `params`."""
        replayed = shown.replayed
        if replayed is None or replayed.trace is None or not self.heading.isChecked():
            return
        rows = stage_rows(replayed, params)
        while len(self._rows) < len(rows):
            self._add_row()
        for place, (name, bars) in enumerate(self._rows):
            for widget in (name, bars):
                widget.setVisible(place < len(rows))
            if place < len(rows):
                name.setText(f"{rows[place].name}: {rows[place].told}")
                bars.show_row(rows[place])
        self.idle.setText(idle(replayed))
        self.draw.show_row(chosen(shown))
        self.now.show_row(now(shown))

    def texts(self) -> list[str]:
        """What is said of every stage that is shown."""
        return [name.text() for name, _ in self._rows if name.isVisibleTo(self)]

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = self.draw.strip.theme = self.now.strip.theme = theme
        for _, bars in self._rows:
            bars.theme = theme
        self.update()

    def _open(self, on: bool) -> None:
        self._body.setVisible(on)
        self.heading.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.heading.setAccessibleDescription("Open" if on else "Closed")
        self.wanted.emit(on)

    def _add_row(self) -> None:
        name, bars = label(wrap=True), StageBars(self._theme)
        self._rows.append((name, bars))
        self._stages.addWidget(name)
        self._stages.addWidget(bars)

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addLayout(self._stages)
        for part in (self.idle, self.draw, self.now):
            inner.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self._body)
