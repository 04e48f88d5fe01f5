"""The token record: one row per token, made in the engine and read by everything else.

Rows are many and hold no cycles, so Python's collector need not look at them (`gc=False`).
"""

from enum import StrEnum

from msgspec import Struct

LEAST_LOGPROB = -9999.0
"""Stands for a probability of 0 where minus infinity cannot be written, as in JSON."""


class Channel(StrEnum):
    """Which text a token belongs to."""

    PROMPT = "prompt"
    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"


class Source(StrEnum):
    """How a token came to be."""

    SAMPLED = "sampled"
    FORCED = "forced"
    DRAFT_KEPT = "draft_kept"
    CORRECTED = "corrected"
    BONUS = "bonus"


class Candidate(Struct, frozen=True, array_like=True, gc=False):
    """One of the likeliest tokens at a position; `logprob` in nats, raw (temperature 1)."""

    id: int
    data: bytes
    logprob: float

    @property
    def text(self) -> str:
        """The bytes as text; a part of a character shows as the replacement sign."""
        return self.data.decode("utf-8", errors="replace")


class TokenRecord(Struct, frozen=True, array_like=True, gc=False):
    """A token with the numbers of the full distribution it came from.

    `data` holds the token's bytes, empty for a control token. `start` and `end` count code points
    in the text of its channel; tokens that share a character share its span, and a token that is
    not shown (a `<think>` marker) has an empty one. `logprob` and `sampled_logprob` are in nats,
    before and after the sampling transforms, `entropy` in bits, `rank` is 1 + the number of
    strictly likelier tokens, `top` is sorted by falling logprob and `tail` is the probability
    outside it. `sampled_logprob` is None where nothing was sampled (forced or scored). All
    numbers are None for the first token of a scored text, which no distribution precedes.
    Where a draft proposed a token here, `draft_q` is the draft model's probability of that token,
    raw as `logprob` (None for looked-up tokens, which have none), and `accept` the chance, before
    the draw was known, that the draw would keep it. `refused` is the proposed token where it was
    not kept, with its raw logprob.
    """

    id: int
    data: bytes
    start: int
    end: int
    logprob: float | None
    sampled_logprob: float | None
    rank: int | None
    entropy: float | None
    top: tuple[Candidate, ...]
    tail: float | None
    channel: Channel
    source: Source
    draft_q: float | None = None
    accept: float | None = None
    refused: Candidate | None = None

    @property
    def text(self) -> str:
        """The bytes as text; a part of a character shows as the replacement sign."""
        return self.data.decode("utf-8", errors="replace")
