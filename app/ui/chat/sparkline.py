"""A line as high as a word that shows how sure a run of tokens was, painted from their numbers."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.viewmodels.sparkline import peaks, values
from app.ui.viewmodels.wording import bits

POINTS = 60
SIZE = QSize(132, 16)
LINE_WIDTH = 1.5


class Sparkline(QWidget):
    """The surprise of tokens over their order, or their entropy while that is what colours."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = QColor()
        self.heights: list[float] = []
        self.setFixedSize(SIZE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_tokens(self, tokens: Sequence[TokenRecord], mode: HeatMode) -> None:
        """Draw these tokens."""
        found = values(tokens, mode)
        self.heights = peaks(found, POINTS)
        self.setVisible(len(found) > 1)
        name = "Entropy" if mode is HeatMode.ENTROPY else "Surprise"
        highest = bits(max(found, default=0.0))
        self.setAccessibleName(f"{name} over {len(found):,} tokens, at most {highest}")
        self.setToolTip(f"{name} of each token, at most {highest}")
        self.update()

    def recolour(self, colour: str) -> None:
        """Draw the line in this colour."""
        self.colour = QColor(colour)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line from the left edge to the right one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.colour, LINE_WIDTH))
        room = self.height() - 2 * LINE_WIDTH
        step = self.width() / max(len(self.heights) - 1, 1)
        painter.drawPolyline(
            [
                QPointF(place * step, self.height() - LINE_WIDTH - share * room)
                for place, share in enumerate(self.heights)
            ]
        )
