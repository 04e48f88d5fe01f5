"""A curve of how sure the tokens of an answer were; a click or the arrow keys pick one of them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.heat import HeatMode
from app.domain.tokens import Channel, TokenRecord
from app.ui.theme.palette import Theme
from app.ui.viewmodels.sparkline import peaks, values
from app.ui.viewmodels.wording import bits

HEIGHT = 52
POINTS = 147
LINE = 1.4
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Curve(QWidget):
    """`picked` carries a token's index in the answer, `stepped` -1 or 1 to a neighbour.

    The entropy of each token over its place; the reasoning stands on a ground of its own.
    """

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._drawn: tuple[int, int] | None = None
        self._count = self._index = self._thought = 0
        self.heights: list[float] = []
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Curve of the answer")

    def show_answer(self, turn_id: int, tokens: Sequence[TokenRecord], index: int) -> None:
        """Draw an answer's tokens, with a mark at `index`."""
        known = (turn_id, len(tokens))
        if known != self._drawn:
            self._drawn = known
            self._draw(tokens)
        self._index = index
        self.update()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    def x_of(self, index: int) -> float:
        """Where a token lies, in pixels from the left."""
        return self.width() * (index + 0.5) / max(self._count, 1)

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
            self.picked.emit(0 if event.key() == Qt.Key.Key_Home else self._count - 1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground of the reasoning, the curve, and where the selected token is."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, size = self._theme, QRectF(self.rect())
        painter.fillRect(size, QColor(theme.window))
        thought = size.width() * self._thought / max(self._count, 1)
        painter.fillRect(QRectF(0, 0, thought, size.height()), QColor(theme.accent_soft))
        x = self.x_of(self._index)
        painter.fillRect(QRectF(x - 1, 0, 2, size.height()), QColor(theme.text))
        painter.setPen(QPen(QColor(theme.accent), LINE))
        painter.drawPolyline(self._polygon())
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(size.adjusted(1, 1, -1, -1))

    def _draw(self, tokens: Sequence[TokenRecord]) -> None:
        found = values(tokens, HeatMode.ENTROPY)
        self.heights = peaks(found, POINTS)
        self._count = len(tokens)
        channels = (token.channel is Channel.REASONING for token in tokens)
        self._thought = next((i for i, thinks in enumerate(channels) if not thinks), len(tokens))
        highest = bits(max(found, default=0.0))
        name = f"Entropy over {len(found):,} tokens, at most {highest}"
        self.setAccessibleName(name)
        ground = ". The reasoning has a ground of its own" if self._thought else ""
        self.setToolTip(f"{name}{ground}. Click to go to a token")

    def _polygon(self) -> QPolygonF:
        room, count = self.height() - 2 * LINE, max(len(self.heights), 1)
        return QPolygonF(
            [
                QPointF(self.width() * (place + 0.5) / count, self.height() - LINE - share * room)
                for place, share in enumerate(self.heights)
            ]
        )

    def _pick(self, event: QMouseEvent) -> None:
        if self._count and event.buttons() & Qt.MouseButton.LeftButton:
            share = event.position().x() / max(self.width(), 1)
            self.picked.emit(min(max(int(share * self._count), 0), self._count - 1))
