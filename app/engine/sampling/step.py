"""From logits to the next tokens of a sequence: one by plain decoding, several behind a draft.

Every token is chosen alike, with all transforms over all that is accepted before it, so that a
draft changes nothing but how many tokens one run of the model gives.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Protocol

import numpy as np

from app.domain.tokens import Source
from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.record import Choice, Drafted, Numbers
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.statistics import Distribution


class Growing(Protocol):
    """The part of a sequence that decides on its next token."""

    ids: list[int]
    forced: deque[int]
    sampler: Sampler
    history: History
    top_logprobs: int


def step(sequence: Growing, logits: np.ndarray) -> list[Choice]:
    """The one token that follows from `logits`, float32 [V]."""
    return [_choice(sequence, logits, None, Source.SAMPLED)]


def speculate(
    sequence: Growing, logits: np.ndarray, proposals: Sequence[Proposal]
) -> Iterator[Choice]:
    """The tokens that follow from `logits`, float32 [1 + n, V], behind the last id and n proposals.

    They end with the first that is not the proposed one, or with one more where all are kept. The
    sequence has to accept each before it asks for the next.
    """
    for row, proposal in zip_longest(logits, proposals):
        choice = _choice(sequence, row, proposal, Source.BONUS)
        yield choice
        if proposal is None or choice.token != proposal.token:
            return


def _choice(
    sequence: Growing, logits: np.ndarray, proposal: Proposal | None, free: Source
) -> Choice:
    """The next token; its source is `free` where nothing is proposed or forced."""
    distribution = Distribution.of(logits)
    if sequence.forced:
        token = sequence.forced.popleft()
        numbers = Numbers.of(distribution, token, sequence.top_logprobs)
        return Choice(token, Source.FORCED, numbers)
    position = len(sequence.ids)
    sampled = sequence.sampler.sampled(distribution, sequence.history, position)
    token, logprob = sampled.draw(sequence.sampler.number(position))
    numbers = Numbers.of(distribution, token, sequence.top_logprobs)
    if proposal is None:
        return Choice(token, free, numbers, logprob)
    kept = token == proposal.token
    refused = None if kept else (proposal.token, distribution.logprob(proposal.token))
    draft = Drafted(proposal.q, proposal.chance(sampled), refused)
    return Choice(token, Source.DRAFT_KEPT if kept else Source.CORRECTED, numbers, logprob, draft)
