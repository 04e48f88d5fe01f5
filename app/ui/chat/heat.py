"""Paints the heat behind a text: a rounded cell for every token, on each line that it covers.

The text itself knows nothing of it, so another mode or theme lays nothing out anew, and only what
is in sight is ever looked at.
"""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument

from app.domain.heat import HeatMode
from app.ui.chat.geometry import lines_in
from app.ui.chat.run import TokenRun
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat import heat_step

RADIUS = 3.0


class Heat:
    """What the tokens of one text are coloured by; steps are worked out as they come in sight."""

    def __init__(self, mode: HeatMode, theme: Theme, ground: str) -> None:
        """`ground` is the colour behind the text, `#rrggbb`."""
        self._mode = mode
        self._colours = [QColor(heat_colour(theme, step, ground)) for step in range(HEAT_STEPS + 1)]
        self._steps: dict[int, int] = {}

    def colour(self, run: TokenRun, first: int, stop: int) -> QColor | None:
        """The colour of the tokens in this slice, which share a piece of text."""
        step = self._steps.get(first)
        if step is None:
            step = self._steps[first] = heat_step(self._mode, run.tokens[first:stop])
        return self._colours[step] if step else None

    def paint(
        self, painter: QPainter, area: QRectF, document: QTextDocument, run: TokenRun
    ) -> None:
        """Paint the cells in `area` of the document."""
        if self._mode is HeatMode.NOTHING:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        for line in lines_in(document, area.top(), area.bottom()):
            for start, end, first, stop in run.cells(line.start, line.end):
                if colour := self.colour(run, first, stop):
                    painter.setBrush(colour)
                    painter.drawRoundedRect(line.rect(start, end), RADIUS, RADIUS)
