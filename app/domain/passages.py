"""A scored text summed up: perplexity by sentence and paragraph, and tokens by rank.

Pure functions of token records, for whoever shows them.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from app.domain.tokens import TokenRecord

BANDS = (10, 100, 1000)
"""Ranks up to which a token counts as expected, less so, hardly. Source: Gehrmann et al. 2019,
GLTR, section 3."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』]*|\n+")
_LONGEST_END = 16  # signs
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")


class Passage(Struct, frozen=True, kw_only=True):
    """A part of a text, code points `start` to `end`, and the `count` of its tokens that have
    numbers; `logprob` is the sum of theirs, in nats."""

    start: int
    end: int
    count: int
    logprob: float

    @property
    def perplexity(self) -> float | None:
        """exp of the mean surprise; None where no token has numbers."""
        return math.exp(min(700.0, -self.logprob / self.count)) if self.count else None


class RankBands(Struct, frozen=True):
    """How many tokens are among the likeliest 10, 100 and 1,000, and beyond."""

    first: int
    second: int
    third: int
    beyond: int


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text lie, by their signs and line ends; they cover it all."""
    return _cut(text, _SENTENCE_END)


def begins_sentence(before: str, text: str) -> bool:
    """Whether a token with this text begins another sentence, behind text that ends with `before`.

    `sentences` cuts at the same places; a token belongs where its first sign does.
    """
    last, sign = len(before.rstrip()), len(before + text) - len(text.lstrip())
    if last == 0 or not text.strip():
        return False
    found = _SENTENCE_END.finditer(before + text, max(0, last - _LONGEST_END))
    return any(last <= match.end() <= sign for match in found)


def paragraphs(text: str) -> list[tuple[int, int]]:
    """The same for paragraphs, which an empty line ends."""
    return _cut(text, _PARAGRAPH_END)


def passages(
    text: str, tokens: Iterable[TokenRecord], bounds: Sequence[tuple[int, int]]
) -> list[Passage]:
    """The parts of `text` that `bounds` (rising, without a gap) name, with their tokens.

    A token belongs where its first character that is no space does.
    """
    starts = [start for start, _ in bounds]
    counts, sums = [0] * len(bounds), [0.0] * len(bounds)
    for token in tokens:
        if token.logprob is not None and bounds:
            place = bisect_right(starts, _first_sign(text, token)) - 1
            counts[place] += 1
            sums[place] += token.logprob
    return [
        Passage(start=start, end=end, count=count, logprob=logprob)
        for (start, end), count, logprob in zip(bounds, counts, sums, strict=True)
    ]


def rank_bands(tokens: Iterable[TokenRecord]) -> RankBands:
    """How the tokens that have a rank fall into the bands."""
    counts = [0] * (len(BANDS) + 1)
    for token in tokens:
        if token.rank is not None:
            counts[sum(token.rank > band for band in BANDS)] += 1
    return RankBands(*counts)


def _first_sign(text: str, token: TokenRecord) -> int:
    inside = text[token.start : token.end]
    blank = len(inside) - len(inside.lstrip())
    return token.start + (blank if blank < len(inside) else 0)


def _cut(text: str, ends: re.Pattern[str]) -> list[tuple[int, int]]:
    """The parts that hold something, each with the blanks before it; the last takes the rest."""
    found: list[tuple[int, int]] = []
    begin = 0
    for end in (*(match.end() for match in ends.finditer(text)), len(text)):
        if text[begin:end].strip():
            found.append((begin, end))
            begin = end
    if found and begin < len(text):
        found[-1] = (found[-1][0], len(text))
    return found
