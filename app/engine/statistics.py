"""Exact numbers of one next-token distribution, over the full vocabulary.

In: a float32 row of logits as the model gave it. Out: logprobs, rank, entropy, the likeliest
tokens. Every pass is linear, because a record is made for every token at vocabularies of 150,000.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

BLOCK = 128


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """The softmax of `logits` (float32 [V], not copied; finite or -inf).

    `peak` is the largest logit, `log_total` the log of the sum of exp(logit - peak), so that a
    logprob is logit - peak - log_total. `entropy` is in bits.
    """

    logits: np.ndarray
    peak: float
    log_total: float
    entropy: float

    @classmethod
    def of(cls, logits: np.ndarray) -> Self:
        """Measure a row of logits, float32 [V]."""
        best = int(logits.argmax())
        shifted = logits - logits[best]
        weights = np.exp(shifted)
        # Leaving out the peak's own 1.0 keeps the digits of what a near-certain token leaves.
        weights[best] = 0.0
        rest = float(weights.sum())
        log_total = math.log1p(rest)
        nats = log_total - _moment(weights, shifted) / (1.0 + rest)
        return cls(logits, float(logits[best]), log_total, max(0.0, nats / math.log(2)))

    def logprob(self, token: int) -> float:
        """Log of the token's probability in nats, at most 0."""
        return float(self.logits[token]) - self.peak - self.log_total

    def rank(self, token: int) -> int:
        """1 + the number of strictly likelier tokens."""
        return 1 + int(np.count_nonzero(self.logits > self.logits[token]))

    def top(self, count: int) -> tuple[tuple[int, float], ...]:
        """The `count` likeliest tokens as (id, logprob), likeliest first, lower id on ties."""
        ids = likeliest(self.logits, count)
        return tuple((int(token), self.logprob(token)) for token in ids)


def tail(top: tuple[tuple[int, float], ...]) -> float:
    """The probability that the tokens of `top` leave to all others, in [0, 1]."""
    return max(0.0, 1.0 - math.fsum(math.exp(logprob) for _, logprob in top))


def likeliest(values: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` largest of `values` [n], falling, the lower index first on ties.

    The count-th largest of all block maxima is a bound that at least `count` values reach, and
    that every one of the largest reaches; few others do.
    """
    count = min(count, values.size)
    if count == 0:
        return np.empty(0, dtype=np.intp)
    reached = np.flatnonzero(values >= _bound(values, count))
    order = np.argsort(-values[reached], kind="stable")
    return reached[order[:count]]


def _bound(values: np.ndarray, count: int) -> np.floating:
    columns = values.size // BLOCK
    maxima = values
    if count <= columns:
        body = columns * BLOCK
        maxima = values[:body].reshape(BLOCK, columns).max(axis=0)
        maxima = np.concatenate((maxima, values[body:]))
    return np.partition(maxima, maxima.size - count)[maxima.size - count]


def _moment(weights: np.ndarray, shifted: np.ndarray) -> float:
    """The sum of weight * shifted logit, where a weight of 0 counts 0 even at -inf."""
    with np.errstate(invalid="ignore"):
        total = float(np.multiply(weights, shifted).sum())
    if math.isfinite(total):
        return total
    held = weights > 0
    return float((weights[held] * shifted[held]).sum())
