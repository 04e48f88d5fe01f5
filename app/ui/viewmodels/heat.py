"""What the words are coloured by: pure functions from token records to steps of the ramp.

In: the records of the tokens that share one piece of text, nearly always a single one. Out: a step
from 0, calm, to `HEAT_STEPS`, hot.
"""

import math
from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.theme.palette import HEAT_STEPS
from app.ui.viewmodels.wording import surprise

FULL_BITS = 5.0
FULL_RANK = 10


class Scale(Struct, frozen=True):
    """The words at the ends of a ramp, and what the whole of it means."""

    calm: str
    hot: str
    meaning: str


SCALES = {
    HeatMode.NOTHING: Scale("", "", "The answer is shown as it is meant to be read"),
    HeatMode.PROBABILITY: Scale("100 %", "0 %", "How likely the model found the word it said"),
    HeatMode.SURPRISE: Scale(
        "0", "5+ bits", "How unexpected the word was, −log₂ of its probability"
    ),
    HeatMode.ENTROPY: Scale("0", "5+ bits", "How open the choice was before the word was said"),
    HeatMode.RANK: Scale("1", "10+", "The word's place among all words, the likeliest first"),
}


class HeatChoice(QObject):
    """What the words are coloured by; `changed` carries the next mode."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mode = HeatMode.SURPRISE

    def choose(self, mode: HeatMode) -> None:
        """Colour by `mode` from now on."""
        if mode is not self.mode:
            self.mode = mode
            self.changed.emit(mode)


def heat_step(mode: HeatMode, tokens: Sequence[TokenRecord]) -> int:
    """The step of tokens that share one piece of text; 0 where there is nothing to tell.

    Such tokens are told of as the one choice that they are: their probabilities multiply,
    surprise and entropy add up, and the worst rank counts.
    """
    if mode is HeatMode.NOTHING:
        return 0
    return round(HEAT_STEPS * min(1.0, max(0.0, _SHARES[mode](tokens))))


def _improbable(tokens: Sequence[TokenRecord]) -> float:
    return 1.0 - 2.0 ** -sum(map(surprise, tokens))


def _surprising(tokens: Sequence[TokenRecord]) -> float:
    return _spread(sum(map(surprise, tokens)))


def _open(tokens: Sequence[TokenRecord]) -> float:
    return _spread(sum(token.entropy or 0.0 for token in tokens))


def _outranked(tokens: Sequence[TokenRecord]) -> float:
    return math.log(max(token.rank or 1 for token in tokens), FULL_RANK)


def _spread(bits: float) -> float:
    """The share of the ramp; the square root spreads the small values, where most tokens lie."""
    return (max(0.0, bits) / FULL_BITS) ** 0.5


_SHARES: dict[HeatMode, Callable[[Sequence[TokenRecord]], float]] = {
    HeatMode.PROBABILITY: _improbable,
    HeatMode.SURPRISE: _surprising,
    HeatMode.ENTROPY: _open,
    HeatMode.RANK: _outranked,
}
