"""Samples of one measure, and what they come to.

A machine that shares its cores takes some away for minutes without saying so; then a process gets
less processor time than its threads could use. Only samples without that sign count as clean.
"""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct

WHOLE = 0.925  # of the threads: 1.85 of two


class Sample(Struct, frozen=True):
    """Seconds for one unit, and processor time over wall time while they passed."""

    value: float
    share: float


class Figure(Struct, frozen=True):
    """What the samples of one measure come to.

    `clean` is the median of the clean ones, None where there was none; `least` the least of all;
    `count` is how many were clean, `of` how many there were.
    """

    clean: float | None
    least: float
    count: int
    of: int


def figure(samples: Sequence[Sample], threads: int) -> Figure:
    """What at least one sample comes to."""
    clean = [each.value for each in samples if each.share >= WHOLE * threads]
    least = min(each.value for each in samples)
    return Figure(median(clean) if clean else None, least, len(clean), len(samples))


def exact(value: float) -> Figure:
    """What was counted, not timed."""
    return Figure(value, value, 1, 1)


def ratio(above: Figure, below: Figure) -> tuple[float | None, float]:
    """How often `below` goes into `above`: by clean medians (None without both), by minima."""
    both = above.clean is not None and below.clean is not None
    clean = above.clean / below.clean if both else None  # type: ignore[operator]
    return clean, above.least / below.least
