"""The tokens of one channel of an answer, found by where they lie in its text.

In: text that only grows, with its token records. Out: indices and UTF-16 positions. A token's
number is its index in the whole answer, whose channels share one count.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from app.domain.tokens import TokenRecord
from app.ui.chat.spans import SpanIndex, Utf16Map

Cell = tuple[int, int, int, int]


class TokenRun:
    """Tokens in the order in which they came."""

    def __init__(self) -> None:
        self._map = Utf16Map()
        self._spans = SpanIndex()
        self._numbers: list[int] = []
        self.tokens: list[TokenRecord] = []

    def __len__(self) -> int:
        return len(self.tokens)

    def extend(self, text: str, tokens: Sequence[TokenRecord], first: int) -> None:
        """Add text and its tokens, the first of which has the number `first`."""
        self._map.append(text)
        for token in tokens:
            self._spans.append(self._map.units(token.start), self._map.units(token.end))
        self._numbers += range(first, first + len(tokens))
        self.tokens += tokens

    def first(self) -> int | None:
        """The number of the first token."""
        return self._numbers[0] if self._numbers else None

    def last(self) -> int | None:
        """The number of the last token."""
        return self._numbers[-1] if self._numbers else None

    def holds(self, number: int) -> bool:
        """Whether the token with this number is in this channel."""
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number

    def span(self, number: int) -> tuple[int, int]:
        """Where the token with this number begins and ends."""
        return self._spans.span(bisect_left(self._numbers, number))

    def at(self, position: int) -> int | None:
        """The number of the first token over a position; None where there is none."""
        index = self._spans.at(position)
        return None if index is None else self._numbers[index]

    def cells(self, start: int, end: int) -> Iterator[Cell]:
        """Each piece of text that tokens cover between two positions.

        Where it begins and ends, and the slice of `tokens` that share it.
        """
        index, count = self._spans.first_after(start), len(self.tokens)
        while index < count:
            span, first = self._spans.span(index), index
            if span[0] >= end:
                return
            while index < count and self._spans.span(index) == span:
                index += 1
            if span[0] < span[1]:
                yield *span, first, index
