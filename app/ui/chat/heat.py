"""Paints the heat behind a text: a rounded cell for every token, on each line that it covers.

The text itself knows nothing of it, so another mode or theme lays nothing out anew, and only what
is in sight is ever looked at.
"""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument

from app.ui.chat.geometry import lines_in
from app.ui.chat.run import TokenRun
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat import HeatMode, heat_step

RADIUS = 3.0


@dataclass(frozen=True, slots=True)
class Heat:
    """What tokens are coloured by, and the colour of each step of the ramp."""

    mode: HeatMode
    colours: tuple[QColor, ...]


def heat(mode: HeatMode, theme: Theme, ground: str) -> Heat:
    """The heat of a text on a background of colour `ground` (`#rrggbb`)."""
    steps = range(HEAT_STEPS + 1)
    return Heat(mode, tuple(QColor(heat_colour(theme, step, ground)) for step in steps))


def paint_heat(
    painter: QPainter, area: QRectF, document: QTextDocument, run: TokenRun, look: Heat
) -> None:
    """Paint the cells in `area` of the document."""
    painter.setPen(Qt.PenStyle.NoPen)
    for line in lines_in(document, area.top(), area.bottom()):
        for start, end, tokens in run.cells(line.start, line.end):
            if step := heat_step(look.mode, tokens):
                painter.setBrush(look.colours[step])
                painter.drawRoundedRect(line.rect(start, end), RADIUS, RADIUS)
