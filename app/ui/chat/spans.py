"""Where a token lies in a Qt document: the one place that turns code points into UTF-16 units.

Token spans count code points; Qt counts UTF-16 units, of which a character beyond U+FFFF takes
two.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from app.domain.tokens import TokenRecord

Span = tuple[int, int]
Cell = tuple[int, int, int, int]
Stretches = tuple[list[int], list[int]]


class Utf16Map:
    """Positions in a text that only grows; `length` counts its code points."""

    def __init__(self) -> None:
        self.length = 0
        self._wide: list[int] = []

    def append(self, text: str) -> None:
        """Take in the text that follows."""
        wide = (i for i, char in enumerate(text, self.length) if char > "\uffff")
        self._wide.extend(wide)
        self.length += len(text)

    def units(self, code_points: int) -> int:
        """The UTF-16 position of a code point position."""
        return code_points + bisect_left(self._wide, code_points)

    def spans(self, tokens: Sequence[TokenRecord]) -> list[Span]:
        """Where these tokens begin and end."""
        if not self._wide:
            return [(token.start, token.end) for token in tokens]
        return [(self.units(token.start), self.units(token.end)) for token in tokens]

    def laid(self, pieces: Sequence[str], begin: int) -> list[Span]:
        """Where pieces lie one behind the other from a code point position on."""
        bounds = [self.units(place) for place in accumulate(map(len, pieces), initial=begin)]
        return list(pairwise(bounds))


class SpanIndex:
    """Which token covers a position; spans arrive in order and may be shared or empty."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    def extend(self, spans: Sequence[Span]) -> None:
        """Add the spans of the tokens that follow."""
        self._starts += [start for start, _ in spans]
        self._ends += [end for _, end in spans]

    def cut(self, index: int) -> None:
        """Forget the spans from this one on."""
        del self._starts[index:]
        del self._ends[index:]

    def rest(self, index: int) -> list[Span]:
        """The spans from this one on."""
        return list(zip(self._starts[index:], self._ends[index:], strict=True))

    def span(self, index: int) -> Span:
        """Start and end of token `index`."""
        return self._starts[index], self._ends[index]

    def first_after(self, position: int) -> int:
        """The first token that ends after `position`; their number if none does."""
        return bisect_right(self._ends, position)

    def at(self, position: int) -> int | None:
        """The first token whose span holds `position`, or None between spans."""
        index = self.first_after(position)
        if index < len(self) and self._starts[index] <= position:
            return index
        return None

    def cells(self, start: int, end: int) -> Iterator[Cell]:
        """Each piece of text that tokens cover between two positions.

        Where it begins and ends, and the slice of the tokens that share it.
        """
        starts, ends = self._starts, self._ends
        index, count = self.first_after(start), len(starts)
        while index < count and (low := starts[index]) < end:
            first, high = index, ends[index]
            index += 1
            while index < count and starts[index] == low and ends[index] == high:
                index += 1
            if low < high:
                yield low, high, first, index


class SourceMap:
    """Stretches of a source, and where each lies in the document that it became.

    Stretches of one length are the same text; another one is shown as something else, as a whole.
    What lies between them in the source is not shown. Positions are UTF-16 units.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._lows: list[int] = []
        self._highs: list[int] = []

    def append(self, start: int, end: int, low: int, high: int) -> None:
        """Add a stretch, `start` to `end` in the source, which lies behind every other."""
        self._starts.append(start)
        self._ends.append(end)
        self._lows.append(low)
        self._highs.append(high)

    def grow(self, units: int) -> None:
        """The last stretch got longer."""
        self._ends[-1] += units
        self._highs[-1] += units

    def cut(self, start: int) -> None:
        """Forget the stretches that begin at `start` or behind it."""
        left = bisect_left(self._starts, start)
        for each in (self._starts, self._ends, self._lows, self._highs):
            del each[left:]

    def source(self, position: int) -> int:
        """The position in the source of one in the document."""
        return _there(position, (self._lows, self._highs), (self._starts, self._ends))

    def document(self, position: int) -> int:
        """The position in the document of one in the source."""
        return _there(position, (self._starts, self._ends), (self._lows, self._highs))

    def spans(self, spans: Sequence[Span]) -> list[Span]:
        """Where spans of the source lie in the document; those that share a sign share a span."""
        found: list[Span] = []
        for place in map(self._span, spans):
            shared = len(found)
            while place[0] < place[1] and shared and place[0] < found[shared - 1][1]:
                shared -= 1
            if shared < len(found):
                place = min(found[shared][0], place[0]), max(found[-1][1], place[1])
                found[shared:] = [place] * (len(found) - shared)
            found.append(place)
        return found

    def _span(self, span: Span) -> Span:
        start, end = span
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end) - 1
        if start == end or first > last:
            place = self.document(start)
            return place, place
        low, high = self._lows[first], self._highs[last]
        if self._is_same(first):
            low += max(start - self._starts[first], 0)
        if self._is_same(last):
            high -= max(self._ends[last] - end, 0)
        return low, high

    def _is_same(self, index: int) -> bool:
        shown = self._highs[index] - self._lows[index]
        return shown == self._ends[index] - self._starts[index]


def _there(position: int, ours: Stretches, theirs: Stretches) -> int:
    """As far into a stretch of theirs as `position` is into ours; behind it, at its end."""
    index = bisect_right(ours[0], position) - 1
    if index < 0:
        return 0
    inside, length = position - ours[0][index], ours[1][index] - ours[0][index]
    low, high = theirs[0][index], theirs[1][index]
    if inside >= length:
        return high
    return low + inside if length == high - low else low


def shown(text: str) -> str:
    """The text as the document holds it: one line break per `\\n`, and no other character lost.

    Qt would swallow the `\\r` of `\\r\\n` and break lines at others, which would move every span.
    """
    return text.translate(_SHOWN)


_SHOWN = str.maketrans({"\r": "␍", "\u2029": "¶", "\ufdd0": "\ufffd", "\ufdd1": "\ufffd"})
