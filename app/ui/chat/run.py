"""The tokens of one channel of an answer, found by where they lie in its text.

In: token records and the UTF-16 span of each. Out: indices and positions. A token's number is its
index in the whole answer, whose channels share one count.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from app.domain.passages import begins_sentence
from app.domain.tokens import TokenRecord
from app.ui.chat.spans import Cell, Span, SpanIndex

_LOOK_BACK = 200  # characters, most of them blank at most


class TokenRun:
    """Tokens in the order in which they came."""

    def __init__(self) -> None:
        self._spans = SpanIndex()
        self._numbers: list[int] = []
        self._sentences: list[int] = []
        self._told = 0
        self._ending = ""
        self.tokens: list[TokenRecord] = []

    def __len__(self) -> int:
        return len(self.tokens)

    def extend(self, tokens: Sequence[TokenRecord], first: int, spans: Sequence[Span]) -> None:
        """Add tokens, the first of which has the number `first`, and where each lies."""
        self._spans.extend(spans)
        self._numbers += range(first, first + len(tokens))
        self.tokens += tokens

    def end_before(self, place: int) -> int:
        """Where the token before this place in `tokens` ends; 0 if there is none."""
        return self._spans.span(place - 1)[1] if place else 0

    def lay_anew(self, place: int, spans: Sequence[Span]) -> None:
        """The tokens from this place in `tokens` on lie elsewhere now."""
        self._spans.cut(place)
        self._spans.extend(spans)

    def first(self) -> int | None:
        """The number of the first token."""
        return self._numbers[0] if self._numbers else None

    def last(self) -> int | None:
        """The number of the last token."""
        return self._numbers[-1] if self._numbers else None

    def number(self, place: int) -> int:
        """The number of the token at a place among `tokens`."""
        return self._numbers[place]

    def place(self, number: int) -> int:
        """Where the token with this number is among `tokens`."""
        return bisect_left(self._numbers, number)

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
        self._tell_sentences()
        after = bisect_right(self._sentences, place)
        last = after == len(self._sentences)
        return self._sentences[after - 1], len(self.tokens) if last else self._sentences[after]

    def _tell_sentences(self) -> None:
        """Find where those begin that were not asked for before."""
        tokens = self.tokens
        for place in range(self._told, len(tokens)):
            said = tokens[place].text
            if not place or begins_sentence(self._ending, said):
                self._sentences.append(place)
            self._ending = (self._ending + said)[-_LOOK_BACK:]
        self._told = len(tokens)

    def cells(self, start: int, end: int) -> Iterator[Cell]:
        """Each piece of text that tokens cover between two positions.

        Where it begins and ends, and the slice of `tokens` that share it.
        """
        return self._spans.cells(start, end)
