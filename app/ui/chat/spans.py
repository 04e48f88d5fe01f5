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


class Waymarks:
    """Pairs of positions, in a source and in the document that it became, and all between them."""

    def __init__(self) -> None:
        self._source = [0]
        self._document = [0]

    def append(self, source: int, document: int) -> None:
        """Add a pair, which lies behind every other; one behind which the text grew is replaced."""
        while len(self._source) > 1 and self._source[-1] >= source:
            self._source.pop()
            self._document.pop()
        self._source.append(source)
        self._document.append(max(document, self._document[-1]))

    def source(self, position: int) -> int:
        """The position in the source of one in the document."""
        return _between(position, self._document, self._source)

    def document(self, position: int) -> int:
        """The position in the document of one in the source."""
        return _between(position, self._source, self._document)


def _between(position: int, ours: list[int], theirs: list[int]) -> int:
    """As far into a stretch of theirs as `position` is into ours; behind the last, as far."""
    index = bisect_right(ours, position) - 1
    inside = position - ours[index]
    if index + 1 == len(ours):
        return theirs[index] + inside
    share = inside / (ours[index + 1] - ours[index])
    return theirs[index] + round(share * (theirs[index + 1] - theirs[index]))


def shown(text: str) -> str:
    """The text as the document holds it: one line break per `\\n`, and no other character lost.

    Qt would swallow the `\\r` of `\\r\\n` and break lines at others, which would move every span.
    """
    return text.translate(_SHOWN)


_SHOWN = str.maketrans({"\r": "␍", "\u2029": "¶", "\ufdd0": "\ufffd", "\ufdd1": "\ufffd"})
