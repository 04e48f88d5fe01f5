"""Where messages lie one below the other: heights, first guessed and later measured, in pixels.

Knows no widgets. Whoever corrects a height hears how far that moved what is being read, and scrolls
as much.
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate

CHARACTER_SHARE = 0.52  # of the line height: the width of a usual letter, a little too much
NEVER_LESS = 40


class Column:
    """Messages with `gap` pixels between them and `margin` at both ends."""

    def __init__(self, gap: int, margin: int) -> None:
        self._gap = gap
        self._margin = margin
        self._heights: list[int] = []
        self._tops: list[int] | None = None

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """The height of the whole column."""
        return self.top(len(self)) - (self._gap if len(self) else 0) + self._margin

    def append(self, height: int) -> None:
        """Add a message at the end."""
        self._heights.append(height)
        self._tops = None

    def cut(self, index: int) -> None:
        """Take away this message and all that follow it."""
        del self._heights[index:]
        self._tops = None

    def height(self, index: int) -> int:
        """The height of a message."""
        return self._heights[index]

    def top(self, index: int) -> int:
        """Where a message begins; the number of messages asks for the next one to come."""
        if self._tops is None:
            steps = (height + self._gap for height in self._heights)
            self._tops = list(accumulate(steps, initial=self._margin))
        return self._tops[index]

    def between(self, top: int, bottom: int) -> range:
        """The messages of which something lies between two heights."""
        self.top(0)
        assert self._tops is not None
        first = bisect_right(self._tops, top, hi=len(self)) - 1
        if first >= 0 and self._tops[first] + self._heights[first] <= top:
            first += 1
        return range(max(first, 0), bisect_left(self._tops, bottom, hi=len(self)))

    def resize(self, index: int, height: int, reading: int) -> int:
        """Give a message its true height; return how far what lies at `reading` moved.

        A message that reaches beyond `reading` changes below it, so nothing moves.
        """
        grown = height - self._heights[index]
        moves = self.top(index) + self._heights[index] <= reading
        self._heights[index] = height
        if grown:
            self._tops = None
        return grown if moves else 0


def guess(text: str, width: int, line_height: float) -> int:
    """About how high a text will be in `width` pixels."""
    per_line = max(width / (line_height * CHARACTER_SHARE), 1.0)
    lines = len(text) / per_line + text.count("\n") * 0.6 + 1
    return max(NEVER_LESS, round(lines * line_height))
