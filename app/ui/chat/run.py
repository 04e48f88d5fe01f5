"""The tokens of one channel of an answer, found by where they lie in its text.

In: text that only grows, with its token records. Out: indices and UTF-16 positions. A token's
number is its index in the whole answer, whose channels share one count.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from app.domain.tokens import TokenRecord
from app.ui.chat.spans import SpanIndex, Utf16Map
from app.ui.viewmodels.sentences import begins_sentence

Cell = tuple[int, int, int, int]


class TokenRun:
    """Tokens in the order in which they came."""

    def __init__(self) -> None:
        self._map = Utf16Map()
        self._spans = SpanIndex()
        self._numbers: list[int] = []
        self._sentences: list[int] = []
        self._length = 0
        self.tokens: list[TokenRecord] = []

    def __len__(self) -> int:
        return len(self.tokens)

    def extend(
        self,
        text: str,
        tokens: Sequence[TokenRecord],
        first: int,
        pieces: Sequence[str] | None = None,
    ) -> None:
        """Add text and its tokens, the first of which has the number `first`.

        With `pieces`, which make up the text, each token covers its own and not what its record
        says.
        """
        begin = self._length
        self._map.append(text)
        self._length += len(text)
        before = self.tokens[-1].text if self.tokens else ""
        for place, token in enumerate(tokens, len(self.tokens)):
            said = token.text
            if not place or begins_sentence(before, said):
                self._sentences.append(place)
            before = said
            start, end = token.start, token.end
            if pieces is not None:
                start, end = begin, begin + len(pieces[place - len(self.tokens)])
                begin = end
            self._spans.append(self._map.units(start), self._map.units(end))
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

    def sentence(self, place: int) -> tuple[int, int]:
        """The slice of `tokens` that is the sentence around the token at this place in it."""
        after = bisect_right(self._sentences, place)
        last = after == len(self._sentences)
        return self._sentences[after - 1], len(self.tokens) if last else self._sentences[after]

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
