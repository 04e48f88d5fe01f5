"""What the words are coloured by: pure functions from token records to steps of the ramp.

In: the records of the tokens that share one piece of text, nearly always a single one. Out: a step
from 0, calm, to `HEAT_STEPS`, hot.
"""

import math
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.heat import Face, HeatMode, Reading
from app.domain.passages import BANDS
from app.domain.tokens import Source, TokenRecord
from app.ui.theme.palette import HEAT_STEPS
from app.ui.viewmodels.wording import surprise

FULL_BITS = 5.0
FULL_RANK = 10
BAND_SHARES = (0.0, 0.3, 0.65, 1.0)
"""Of the ramp, for ranks in each of the `BANDS` and beyond."""


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
    HeatMode.BAND: Scale(
        "first 10",
        "over 1,000",
        "Whether the word was among the likeliest 10, 100 or 1,000",
    ),
    HeatMode.DRAFT: Scale(
        "kept", "not kept", "How likely the draft's word was to be kept; plain where none was made"
    ),
}


BIT_THRESHOLDS = tuple(
    (f"Over {bits} bit{'s'[: bits - 1]}", (bits / FULL_BITS) ** 0.5) for bits in (1, 2, 3)
)
THRESHOLDS: dict[HeatMode, tuple[tuple[str, float], ...]] = {
    HeatMode.PROBABILITY: (("Under 50 %", 0.5), ("Under 20 %", 0.8), ("Under 5 %", 0.95)),
    HeatMode.SURPRISE: tuple(
        (f"Over {bits} bits", (bits / FULL_BITS) ** 0.5) for bits in (1, 2, 3)
    ),
    HeatMode.ENTROPY: BIT_THRESHOLDS,
    HeatMode.RANK: (
        ("Not the likeliest", 0.3),
        ("Rank 4 and more", 0.6),
        ("Rank 10 and more", 1.0),
    ),
    HeatMode.BAND: tuple(
        (f"Beyond the first {band:,}", share)
        for band, share in zip(BANDS, BAND_SHARES[1:], strict=True)
    ),
    HeatMode.DRAFT: (("Under 90 % to be kept", 0.1), ("Under 50 %", 0.5), ("Not kept", 1.0)),
}
"""For each mode, what a threshold is called and the share of the ramp where it lies."""

ANY_THRESHOLDS = tuple(
    (f"Over {percent} % of the scale", percent / 100) for percent in (25, 50, 75)
)


class HeatChoice(QObject):
    """What the words are coloured by; `changed` carries the next mode, `reading_changed` what
    goes with the colours."""

    changed = Signal(object)
    reading_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mode = HeatMode.SURPRISE
        self.reading = Reading()
        self._unrendered = Face.TOKENS

    def choose(self, mode: HeatMode) -> None:
        """Colour by `mode` from now on."""
        if mode is not self.mode:
            self.mode = mode
            self.changed.emit(mode)

    def turn(self) -> None:
        """Render the answers, or show them again in the form in which they were before."""
        rendered = self.reading.face is Face.RENDERED
        face = self._unrendered if rendered else Face.RENDERED
        self.read_as(replace(self.reading, face=face))

    def read_as(self, reading: Reading) -> None:
        """Show this with the colours from now on."""
        if reading.face is not Face.RENDERED:
            self._unrendered = reading.face
        if reading != self.reading:
            self.reading = reading
            self.reading_changed.emit(reading)


def thresholds(mode: HeatMode) -> tuple[tuple[str, float], ...]:
    """What can be asked of a token to be marked, and the share of the ramp where that lies."""
    return THRESHOLDS.get(mode, ANY_THRESHOLDS)


def is_over(mode: HeatMode, threshold: int, share: float) -> bool:
    """Whether a share of the ramp is over the threshold with this number; 0 asks for nothing."""
    return threshold == 0 or share >= thresholds(mode)[threshold - 1][1]


def sentence_share(mode: HeatMode, tokens: Sequence[TokenRecord]) -> float:
    """The share of the ramp of a sentence: the mean over its tokens."""
    return sum(heat_share(mode, (token,)) for token in tokens) / max(len(tokens), 1)


def number(mode: HeatMode, tokens: Sequence[TokenRecord]) -> str:
    """The value of tokens that share one piece of text, as short as it can be; empty for none."""
    match mode:
        case HeatMode.PROBABILITY:
            return f"{100 * (1 - _improbable(tokens)):.0f}"
        case HeatMode.SURPRISE:
            return f"{sum(map(surprise, tokens)):.1f}"
        case HeatMode.ENTROPY:
            return f"{sum(abs(token.entropy or 0.0) for token in tokens):.1f}"
        case HeatMode.RANK | HeatMode.BAND:
            return f"{max(token.rank or 1 for token in tokens)}"
        case HeatMode.DRAFT:
            known = [token.accept for token in tokens if token.accept is not None]
            return f"{100 * min(known):.0f}" if known else ""
        case _:
            return ""


def heat_step(mode: HeatMode, tokens: Sequence[TokenRecord]) -> int:
    """The step of tokens that share one piece of text; 0 where there is nothing to tell.

    Such tokens are told of as the one choice that they are: their probabilities multiply,
    surprise and entropy add up, and the worst rank counts.
    """
    return round(HEAT_STEPS * heat_share(mode, tokens))


def heat_share(mode: HeatMode, tokens: Sequence[TokenRecord]) -> float:
    """As `heat_step`, as a share of the ramp from 0 to 1."""
    if mode is HeatMode.NOTHING:
        return 0.0
    return min(1.0, max(0.0, _SHARES[mode](tokens)))


def _improbable(tokens: Sequence[TokenRecord]) -> float:
    return 1.0 - 2.0 ** -sum(map(surprise, tokens))


def _surprising(tokens: Sequence[TokenRecord]) -> float:
    return _spread(sum(map(surprise, tokens)))


def _open(tokens: Sequence[TokenRecord]) -> float:
    return _spread(sum(token.entropy or 0.0 for token in tokens))


def _outranked(tokens: Sequence[TokenRecord]) -> float:
    return math.log(max(token.rank or 1 for token in tokens), FULL_RANK)


def _banded(tokens: Sequence[TokenRecord]) -> float:
    worst = max(token.rank or 1 for token in tokens)
    return BAND_SHARES[sum(worst > band for band in BANDS)]


def _doubted(tokens: Sequence[TokenRecord]) -> float:
    """A word that was not kept is hottest; others are by the chance that they would not be."""
    if any(token.source is Source.CORRECTED for token in tokens):
        return 1.0
    return max(1.0 - token.accept if token.accept is not None else 0.0 for token in tokens)


def _spread(bits: float) -> float:
    """The share of the ramp; the square root spreads the small values, where most tokens lie."""
    return (max(0.0, bits) / FULL_BITS) ** 0.5


_SHARES: dict[HeatMode, Callable[[Sequence[TokenRecord]], float]] = {
    HeatMode.PROBABILITY: _improbable,
    HeatMode.SURPRISE: _surprising,
    HeatMode.ENTROPY: _open,
    HeatMode.RANK: _outranked,
    HeatMode.BAND: _banded,
    HeatMode.DRAFT: _doubted,
}
