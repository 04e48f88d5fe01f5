"""The tokens of a chat that are worth a look, and the way from one to the next.

Pure functions of token records. A forced token was never a choice, so it is none of them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from app.domain.conversation import Turn
from app.domain.tokens import Source, TokenRecord
from app.ui.viewmodels.wording import surprise

UNCERTAIN_BITS = 1.0
FORK_RATIO = 0.5
SURPRISE_BITS = 3.0

Place = tuple[int, int]
"""A turn's id and the index of a token in it."""


class Landmark(StrEnum):
    """Why a token is worth a look."""

    UNCERTAIN = "Uncertain"
    FORK = "Forks"
    SURPRISE = "Surprises"


MEANINGS = {
    Landmark.UNCERTAIN: f"Tokens whose choice was open: {UNCERTAIN_BITS:g} bit of entropy or more",
    Landmark.FORK: "Tokens where the second candidate was at least half as likely as the first",
    Landmark.SURPRISE: f"Unlikely tokens that came: {SURPRISE_BITS:g} bits of surprise or more",
}


def is_landmark(kind: Landmark, token: TokenRecord) -> bool:
    """Whether a token is one of this kind."""
    if token.source is Source.FORCED:
        return False
    match kind:
        case Landmark.UNCERTAIN:
            return (token.entropy or 0.0) >= UNCERTAIN_BITS
        case Landmark.FORK:
            first, second = (*token.top[:2], None, None)[:2]
            if first is None or second is None:
                return False
            return second.logprob - first.logprob >= math.log(FORK_RATIO)
        case Landmark.SURPRISE:
            return surprise(token) >= SURPRISE_BITS


def is_low_confidence(token: TokenRecord) -> bool:
    """Whether the model was unsure of a token, or said one that it found unlikely."""
    return is_landmark(Landmark.UNCERTAIN, token) or is_landmark(Landmark.SURPRISE, token)


def count(kind: Landmark, tokens: Iterable[TokenRecord]) -> int:
    """How many there are of a kind."""
    return sum(is_landmark(kind, token) for token in tokens)


def seek(kind: Landmark, turns: Sequence[Turn], start: Place | None, by: int) -> Place | None:
    """The next (1) or previous (-1) landmark from `start`, round the ends of the chat.

    Without a start the search begins at the end that it leads away from; None if there is none.
    """
    for turn, index in _places(turns, start, by):
        if is_landmark(kind, turn.tokens[index]):
            return turn.id, index
    return None


def _places(turns: Sequence[Turn], start: Place | None, by: int) -> Iterator[tuple[Turn, int]]:
    """Every token once, in the order in which they are come to; the one at `start` is the last."""
    ordered = turns if by > 0 else turns[::-1]
    at = next((i for i, turn in enumerate(ordered) if start and turn.id == start[0]), None)
    if at is None or start is None:
        for turn in ordered:
            yield from ((turn, index) for index in _indices(turn, by))
        return
    here, index = ordered[at], start[1]
    size = len(here.tokens)
    after = range(index + 1, size) if by > 0 else range(index - 1, -1, -1)
    until = range(index + 1) if by > 0 else range(size - 1, index - 1, -1)
    yield from ((here, place) for place in after)
    for turn in (*ordered[at + 1 :], *ordered[:at]):
        yield from ((turn, place) for place in _indices(turn, by))
    yield from ((here, place) for place in until)


def _indices(turn: Turn, by: int) -> range:
    size = len(turn.tokens)
    return range(size) if by > 0 else range(size - 1, -1, -1)
