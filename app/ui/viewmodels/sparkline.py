"""The numbers of many tokens as the few heights of a line that is drawn in little room."""

from collections.abc import Sequence
from itertools import pairwise

from app.ui.viewmodels.heat import FULL_BITS


def peaks(bits: Sequence[float], most: int) -> list[float]:
    """At most `most` heights, 0 to 1, each the highest of its neighbours.

    Full height is `FULL_BITS`, or the highest value where that is more: what stands out must not
    be averaged away.
    """
    points = min(len(bits), most)
    full = max(FULL_BITS, max(bits, default=0.0))
    edges = [len(bits) * place // points for place in range(points + 1)] if points else []
    return [max(bits[low:high]) / full for low, high in pairwise(edges)]
