"""The formats that colour tokens by surprise: one per step of the ramp, shared by all tokens."""

from collections.abc import Sequence

from PySide6.QtGui import QBrush, QColor, QTextCharFormat, QTextLayout

from app.domain.tokens import TokenRecord
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour, heat_step
from app.ui.viewmodels.wording import surprise


class HeatFormats:
    """Formats for text on a background of colour `ground` (`#rrggbb`)."""

    def __init__(self, theme: Theme, ground: str) -> None:
        self._steps = [_format(theme, ground, step) for step in range(HEAT_STEPS + 1)]

    def __getitem__(self, step: int) -> QTextCharFormat:
        return self._steps[step]


def steps(tokens: Sequence[TokenRecord]) -> list[int]:
    """The ramp's step for each token; tokens that share a character share their summed surprise."""
    totals: dict[tuple[int, int], float] = {}
    for token in tokens:
        span = (token.start, token.end)
        totals[span] = totals.get(span, 0.0) + surprise(token)
    return [heat_step(totals[token.start, token.end]) for token in tokens]


def format_range(
    origin: int, start: int, stop: int, look: QTextCharFormat
) -> QTextLayout.FormatRange:
    """`look` from `start` to `stop` of the document, in a block that begins at `origin`."""
    made = QTextLayout.FormatRange()
    made.start = start - origin
    made.length = stop - start
    made.format = look
    return made


def _format(theme: Theme, ground: str, step: int) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QBrush(QColor(theme.text)))
    if step:
        made.setBackground(QBrush(QColor(heat_colour(theme, step, ground))))
    return made
