"""A curve of how sure the tokens of an answer were; a click or the arrow keys pick one of them."""

from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.tokens import Channel, TokenRecord
from app.ui.theme.palette import Theme
from app.ui.viewmodels.landmarks import Landmark, is_landmark
from app.ui.viewmodels.sparkline import peaks
from app.ui.viewmodels.wording import bits, decision_points, tokens

HEIGHT = 52
POINTS = 147
LINE = 1.4
TICK = 5
TICKS = "Ticks: the second candidate was at least half as likely as the first"
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Curve(QWidget):
    """`picked` carries a token's index among those drawn, `stepped` -1 or 1 to a neighbour.

    The entropy of each token over its place; the reasoning stands on a ground of its own, and a
    tick at the foot is a decision point. Nothing is drawn before there is a theme.
    """

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, theme: Theme | None = None, height: int = HEIGHT) -> None:
        super().__init__()
        self._theme = theme
        self._turn_id: int | None = None
        self._bits: list[float] = []
        self._index: int | None = None
        self._thought = 0
        self.forks: list[int] = []
        self.heights: list[float] = []
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Curve of the answer")

    def show_answer(
        self, turn_id: int, shown: Sequence[TokenRecord], index: int | None = None
    ) -> None:
        """Draw the tokens of a turn, which may be more than before, with a mark at `index`."""
        if turn_id != self._turn_id or len(shown) < len(self._bits):
            self._turn_id, self._thought = turn_id, 0
            self._bits, self.forks = [], []
        if new := shown[len(self._bits) :]:
            self._extend(new)
        self.mark(index)

    def mark(self, index: int | None) -> None:
        """Put the mark at a token, or at none."""
        self._index = index
        self.update()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    def x_of(self, index: int) -> float:
        """Where a token lies, in pixels from the left."""
        return self.width() * (index + 0.5) / max(len(self._bits), 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick what lies under the mouse."""
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with the mouse while it is pressed."""
        self._pick(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press has said it all."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys go to the neighbours, Home and End to the ends."""
        if event.key() in STEPS:
            self.stepped.emit(STEPS[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.picked.emit(0 if event.key() == Qt.Key.Key_Home else len(self._bits) - 1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground of the reasoning, the curve, the ticks, and the mark."""
        theme, size = self._theme, QRectF(self.rect())
        if theme is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(size, QColor(theme.window))
        thought = size.width() * self._thought / max(len(self._bits), 1)
        painter.fillRect(QRectF(0, 0, thought, size.height()), QColor(theme.accent_soft))
        if self._index is not None:
            x = self.x_of(self._index)
            painter.fillRect(QRectF(x - 1, 0, 2, size.height()), QColor(theme.text))
        painter.setPen(QPen(QColor(theme.accent), LINE))
        painter.drawPolyline(self._polygon())
        self._paint_forks(painter, QColor(theme.text))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(size.adjusted(1, 1, -1, -1))

    def _paint_forks(self, painter: QPainter, colour: QColor) -> None:
        """One tick for each pixel that has any."""
        for x in {round(self.x_of(index)) for index in self.forks}:
            painter.fillRect(QRectF(x - 1, self.height() - TICK, 2, TICK), colour)

    def _extend(self, new: Sequence[TokenRecord]) -> None:
        first = len(self._bits)
        self._bits += [token.entropy or 0.0 for token in new]
        self.forks += [
            place for place, token in enumerate(new, first) if is_landmark(Landmark.FORK, token)
        ]
        if self._thought == first:
            thinks = (token.channel is Channel.REASONING for token in new)
            self._thought += sum(takewhile(bool, thinks))
        self.heights = peaks(self._bits, POINTS)
        name = f"Entropy over {tokens(len(self._bits))}, at most {bits(max(self._bits))}"
        forks = f", {decision_points(len(self.forks))}" if self.forks else ""
        self.setAccessibleName(f"{name}{forks}")
        ground = (
            "\nThe reasoning has a ground of its own" if 0 < self._thought < len(self._bits) else ""
        )
        ticks = f"\n{TICKS}" if self.forks else ""
        self.setToolTip(f"{name}{forks}{ground}{ticks}\nClick to go to a token")

    def _polygon(self) -> QPolygonF:
        room, count = self.height() - 2 * LINE, max(len(self.heights), 1)
        return QPolygonF(
            [
                QPointF(self.width() * (place + 0.5) / count, self.height() - LINE - share * room)
                for place, share in enumerate(self.heights)
            ]
        )

    def _pick(self, event: QMouseEvent) -> None:
        count = len(self._bits)
        if count and event.buttons() & Qt.MouseButton.LeftButton:
            share = event.position().x() / max(self.width(), 1)
            self.picked.emit(min(max(int(share * count), 0), count - 1))
