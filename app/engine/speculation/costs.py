"""What runs of the model take, by how many proposals they check."""

from collections import deque
from statistics import median

_KEPT = 8  # samples of each length, so that a growing context counts
_STEEP = 0.2
_FLAT = 0.02  # at least


class Costs:
    """Seconds of a round by its number of proposals, in medians that a disturbance does not move.

    A round without a proposal is a plain step, one token; nothing is known before one was timed.
    A token of a draft is thought to take the part `steep` of that until it has been timed.
    """

    def __init__(self, steep: float = _STEEP) -> None:
        self._steep = steep
        self._samples: dict[int, deque[float]] = {}
        self._known: dict[int, float] = {}
        self.plain: float | None = None
        """Seconds of a plain step, at most those of a draft; None until one was timed."""

    def add(self, proposals: int, seconds: float) -> None:
        """A round took so long."""
        samples = self._samples.setdefault(proposals, deque(maxlen=_KEPT))
        samples.append(seconds)
        self._known[proposals] = median(samples)
        if 0 in self._known:
            self.plain = min(each / (1 + _FLAT * count) for count, each in self._known.items())

    def of(self, proposals: int) -> float:
        """Seconds of such a round: as timed, or on the line between or beyond those timed."""
        known = self._known
        if proposals == 0 and self.plain is not None:
            return self.plain
        if proposals in known:
            return known[proposals]
        below = max(each for each in known if each < proposals)
        above = min((each for each in known if each > proposals), default=None)
        if above is not None:
            share = (proposals - below) / (above - below)
            return known[below] + share * (known[above] - known[below])
        return known[below] + (proposals - below) * self._slope(below)

    def _slope(self, last: int) -> float:
        plain = self.plain or self._known[0]
        if last == 0:
            return self._steep * plain
        return max(_FLAT * plain, (self._known[last] - plain) / last)
