"""What a scored text is like as a whole and in its parts: perplexity, and how expected its tokens.

Pure functions of text and token records. Perplexity is e to the mean surprise of the tokens, in
nats: as unsure as a choice among so many equally likely ones.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from app.domain.tokens import TokenRecord

RANK_BANDS = (10, 100, 1000)
"""Bounds of the bands of ranks that GLTR uses (Gehrmann, Strobelt and Rush 2019)."""

_ENDS = {
    "sentence": re.compile(r"[.!?…][\"'”’)\]]*(?=\s)\s*|[。！？]\s*|\n\s*"),
    "paragraph": re.compile(r"\n\s*"),
}


class Unit(StrEnum):
    """What a text is cut into."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


class Passage(Struct, frozen=True):
    """A part of a text, from `start` to `end` in code points, and its tokens `first` to `stop`.

    `logprob` is the sum over those `count` of them that have one, in nats.
    """

    start: int
    end: int
    first: int
    stop: int
    logprob: float
    count: int

    @property
    def perplexity(self) -> float:
        """The perplexity of the tokens that have a logprob; 1 where none has."""
        return math.exp(-self.logprob / self.count) if self.count else 1.0


def passages(text: str, tokens: Sequence[TokenRecord], unit: Unit) -> tuple[Passage, ...]:
    """The sentences or paragraphs of a text that `tokens` cover in order.

    A token belongs where its last character is, since the space before a word comes with it.
    """
    spans = list(_spans(text, _ENDS[unit.value]))
    starts = [start for start, _ in spans]
    places = [max(bisect_right(starts, _last(token)) - 1, 0) for token in tokens]
    stops = [bisect_right(places, place) for place in range(len(spans))]
    firsts = [0, *stops]
    return tuple(
        _passage(start, end, tokens, first, stop)
        for (start, end), first, stop in zip(spans, firsts, stops, strict=False)
    )


def perplexity(tokens: Iterable[TokenRecord]) -> float | None:
    """The perplexity of the tokens that have a logprob; None if none has."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    return math.exp(-math.fsum(known) / len(known)) if known else None


def rank_bands(tokens: Iterable[TokenRecord]) -> tuple[int, ...]:
    """How many tokens have a rank up to each of `RANK_BANDS`, and how many one beyond them."""
    counts = [0] * (len(RANK_BANDS) + 1)
    for token in tokens:
        if token.rank is not None:
            counts[sum(token.rank > bound for bound in RANK_BANDS)] += 1
    return tuple(counts)


def _spans(text: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Pieces that cover the text, each ending with what `ends` finds."""
    start = 0
    for found in ends.finditer(text):
        yield start, found.end()
        start = found.end()
    if start < len(text):
        yield start, len(text)


def _last(token: TokenRecord) -> int:
    return max(token.end - 1, token.start)


def _passage(start: int, end: int, tokens: Sequence[TokenRecord], first: int, stop: int) -> Passage:
    logprobs = [token.logprob for token in tokens[first:stop] if token.logprob is not None]
    return Passage(start, end, first, stop, math.fsum(logprobs), len(logprobs))
