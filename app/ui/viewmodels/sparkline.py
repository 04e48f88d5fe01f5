"""The numbers of many tokens as the few heights of a line that is drawn in little room."""

from collections.abc import Sequence
from itertools import pairwise

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.viewmodels.heat import FULL_BITS
from app.ui.viewmodels.wording import surprise


def values(tokens: Sequence[TokenRecord], mode: HeatMode) -> list[float]:
    """The bits of each token: its entropy in that mode, else its surprise."""
    if mode is HeatMode.ENTROPY:
        return [token.entropy or 0.0 for token in tokens]
    return [surprise(token) for token in tokens]


def peaks(bits: Sequence[float], most: int) -> list[float]:
    """At most `most` heights, 0 to 1, each the highest of its neighbours.

    Full height is `FULL_BITS`, or the highest value where that is more: what stands out must not
    be averaged away.
    """
    points = min(len(bits), most)
    full = max(FULL_BITS, max(bits, default=0.0))
    edges = [len(bits) * place // points for place in range(points + 1)] if points else []
    return [max(bits[low:high]) / full for low, high in pairwise(edges)]
