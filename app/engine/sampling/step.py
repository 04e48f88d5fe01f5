"""From logits to the next token of a sequence: plain decoding.

Proposals of several tokens per step have the same shape: the sequence accepts choices one by one.
"""

from collections import deque
from typing import Protocol

import numpy as np

from app.domain.tokens import Source
from app.engine.sampling.history import History
from app.engine.sampling.record import Choice, Numbers
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
    distribution = Distribution.of(logits)
    if sequence.forced:
        token, sampled = sequence.forced.popleft(), None
    else:
        position = len(sequence.ids)
        token, sampled = sequence.sampler.choose(distribution, sequence.history, position)
    source = Source.FORCED if sampled is None else Source.SAMPLED
    numbers = Numbers.of(distribution, token, sequence.top_logprobs)
    return [Choice(token, source, numbers, sampled)]
