"""Where two versions of an answer part, and how likely each went on from there."""

import math
from collections.abc import Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from app.domain.conversation import Turn
from app.domain.tokens import Source, TokenRecord

MOST_MATCHED = 2000
"""Tokens of each side that are compared beyond the place where they part."""


class Fork(Struct, frozen=True):
    """Two versions with the same `shared` first tokens; logprobs are joint ones behind, in nats.

    `same` are the runs of tokens that both say behind that place: (one's index, the other's,
    length).
    """

    shared: int
    one_logprob: float
    other_logprob: float
    same: tuple[tuple[int, int, int], ...] = ()


def shared_length(one: Sequence[TokenRecord], other: Sequence[TokenRecord]) -> int:
    """How many tokens two answers begin with in common, by their ids."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left.id != right.id:
            return index
    return min(len(one), len(other))


def joint_logprob(tokens: Sequence[TokenRecord]) -> float:
    """The log of the probability of all these tokens together, in nats, before sampling."""
    return math.fsum(token.logprob or 0.0 for token in tokens)


def fork(one: Sequence[TokenRecord], other: Sequence[TokenRecord]) -> Fork:
    """How two versions of an answer differ."""
    begin = shared_length(one, other)
    left, right = (
        [token.id for token in tokens[begin : begin + MOST_MATCHED]] for tokens in (one, other)
    )
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    same = tuple((begin + a, begin + b, size) for a, b, size in blocks if size)
    return Fork(begin, joint_logprob(one[begin:]), joint_logprob(other[begin:]), same)


def origin(
    tokens: Sequence[TokenRecord], earlier: Sequence[Sequence[TokenRecord]]
) -> tuple[int, int] | None:
    """Which of the earlier versions is alike the longest, and where this one leaves it.

    None where there is no earlier one.
    """
    lengths = [shared_length(tokens, other) for other in earlier]
    if not lengths:
        return None
    longest = max(lengths)
    return lengths.index(longest), longest


def taken(turn: Turn) -> tuple[TokenRecord, ...]:
    """The tokens that were chosen where an answer left another one; none where it was not so."""
    given = turn.tokens[: turn.origin.given if turn.origin else 0]
    begin = len(given)
    while begin and given[begin - 1].source is Source.FORCED:
        begin -= 1
    return given[begin:]
