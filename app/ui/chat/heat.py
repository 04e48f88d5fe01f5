"""Paints the heat behind a text: a rounded cell for every token, on each line that it covers.

The text itself knows nothing of it, so another mode or theme lays nothing out anew, and only what
is in sight is ever looked at. Colour is never alone: the hotter a token, the heavier the line under
it, and a number stands below where one is asked for.
"""

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextDocument

from app.domain.heat import HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.chat.geometry import lines_in
from app.ui.chat.run import TokenRun
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat import heat_share, is_over, number, sentence_share

RADIUS = 3.0
UNDERLINES = ((21, 3.0), (14, 2.0), (7, 1.0))
"""From which step on a line of which thickness stands under a token."""
NUMBER_SCALE = 0.62  # times the size of the text
INK_OPACITY = 150


class Heat:
    """What the tokens of one text are coloured by; steps are worked out as they come in sight."""

    def __init__(
        self,
        mode: HeatMode,
        theme: Theme,
        ground: str,
        reading: Reading = Reading(),  # noqa: B008
    ) -> None:
        """`ground` is the colour behind the text, `#rrggbb`."""
        self.mode = mode
        self.theme = theme
        self.reading = reading
        self.has_numbers = reading.numbers and mode is not HeatMode.NOTHING
        self._colours = _ramp(theme, ground)
        self._ink = QColor(theme.text)
        self._ink.setAlpha(INK_OPACITY)
        self._number_ink = QColor(theme.muted)
        self._steps: dict[tuple[int, int], int] = {}

    def step(self, run: TokenRun, first: int, stop: int) -> int:
        """The step of the tokens in this slice, which share a piece of text; 0 if not marked."""
        whole = run.sentence(first) if self.reading.by_sentence else (first, stop)
        step = self._steps.get(whole)
        if step is None:
            step = self._steps[whole] = self._worked_out(run, *whole)
        return step

    def colour(self, run: TokenRun, first: int, stop: int) -> QColor | None:
        """The colour of the tokens in this slice, which share a piece of text."""
        step = self.step(run, first, stop)
        return self._colours[step] if step else None

    def paint(
        self, painter: QPainter, area: QRectF, document: QTextDocument, run: TokenRun
    ) -> None:
        """Paint the cells in `area` of the document."""
        if self.mode is HeatMode.NOTHING:
            return
        if self.has_numbers:
            painter.setFont(_small(document.defaultFont()))
        painter.setPen(Qt.PenStyle.NoPen)
        tokens, step_of, paint = run.tokens, self.step, self.paint_cell
        for line in lines_in(document, area.top(), area.bottom()):
            for start, end, first, stop in run.cells(line.start, line.end):
                if step := step_of(run, first, stop):
                    paint(painter, line.rect(start, end), step, tokens[first:stop])

    def paint_cell(
        self, painter: QPainter, rect: QRectF, step: int, tokens: Sequence[TokenRecord]
    ) -> None:
        """Paint the cell of tokens of this step, with a painter that has no pen."""
        painter.setBrush(self._colours[step])
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        thickness = _UNDERLINE_OF[step]
        if thickness:
            bottom = rect.bottom() - thickness
            painter.fillRect(QRectF(rect.x(), bottom, rect.width(), thickness), self._ink)
        if self.has_numbers:
            self._paint_number(painter, rect, number(self.mode, tokens))

    def _paint_number(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """Below the cell, as far as there is room for it."""
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(text) <= rect.width() + 2:
            place = QRectF(rect.left() - 2, rect.bottom(), rect.width() + 4, metrics.height())
            painter.setPen(self._number_ink)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, text)
            painter.setPen(Qt.PenStyle.NoPen)

    def _worked_out(self, run: TokenRun, first: int, stop: int) -> int:
        tokens = run.tokens[first:stop]
        by_sentence = self.reading.by_sentence
        share = (sentence_share if by_sentence else heat_share)(self.mode, tokens)
        return round(HEAT_STEPS * share) if is_over(self.mode, self.reading.over, share) else 0


@lru_cache(maxsize=16)
def _ramp(theme: Theme, ground: str) -> list[QColor]:
    return [QColor(heat_colour(theme, step, ground)) for step in range(HEAT_STEPS + 1)]


def _small(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * NUMBER_SCALE)
    return made


_UNDERLINE_OF = [
    next((thick for least, thick in UNDERLINES if step >= least), 0.0)
    for step in range(HEAT_STEPS + 1)
]
