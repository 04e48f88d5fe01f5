"""The heatmap of a terminal: pieces of text, each with a background by surprise.

A piece is what one token shows; tokens that share a character are one piece, whose surprise is
that of all of them together.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.style import Style

from app.domain.tokens import TokenRecord

Piece = tuple[str, float | None]

# Saturation, not brightness, carries the surprise: the order reads on light and dark terminals.
# All four are in the 256-colour palette, so that they stay apart there too.
RAMP: tuple[tuple[float, Style], ...] = tuple(
    (bits, Style(color="#1a1a1a", bgcolor=colour))
    for bits, colour in (
        (6.0, "#ff5f00"),
        (4.0, "#ff875f"),
        (2.0, "#d7af87"),
        (1.0, "#d7d7af"),
    )
)
CALM = Style()


def surprise(records: Iterable[TokenRecord]) -> float | None:
    """Bits of surprise of tokens that came together, or None where one has no number."""
    logprobs = [record.logprob for record in records]
    if any(logprob is None for logprob in logprobs):
        return None
    return -sum(logprob for logprob in logprobs if logprob is not None) / math.log(2)


def style(bits: float | None) -> Style:
    """The background of a piece with this surprise."""
    if bits is None:
        return CALM
    return next((style for least, style in RAMP if bits >= least), CALM)


def pieces(text: str, offset: int, tokens: Iterable[TokenRecord]) -> Iterator[Piece]:
    """Cut `text`, which starts at code point `offset` of its channel, by its tokens' spans.

    The pieces joined are always `text`; what no token covers has no surprise.
    """
    place = 0
    for (start, end), records in groupby(tokens, key=lambda record: (record.start, record.end)):
        start, end = max(start - offset, place), min(end - offset, len(text))
        if end <= start:
            continue
        if start > place:
            yield text[place:start], None
        yield text[start:end], surprise(records)
        place = end
    if place < len(text):
        yield text[place:], None
