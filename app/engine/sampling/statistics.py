"""Exact numbers of one next-token distribution, over the full vocabulary.

In: a float32 row of logits as the model gave it. Out: logprobs, rank, entropy, the likeliest
tokens. Every pass is linear, because a record is made for every token at vocabularies of 150,000.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

BLOCK = 128
RANKED = 32


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """The softmax of `logits` (float32 [V], not copied; finite or -inf).

    `peak` is the largest logit, `weights` is exp(logit - peak), float32 [V], and `log_total` the
    log of their sum, so that a logprob is logit - peak - log_total. `entropy` is in bits.
    `ranking` has the ids of the likeliest few, as `likeliest` gives them.
    """

    logits: np.ndarray
    weights: np.ndarray
    peak: float
    log_total: float
    entropy: float
    ranking: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray) -> Self:
        """Measure a row of logits, float32 [V]."""
        best = int(logits.argmax())
        shifted = logits - logits[best]
        weights = np.exp(shifted)
        # Leaving out the peak's own 1.0 keeps the digits of what a near-certain token leaves.
        weights[best] = 0.0
        rest = float(weights.sum())
        nats = math.log1p(rest) - _moment(weights, shifted) / (1.0 + rest)
        weights[best] = 1.0
        entropy = max(0.0, nats / math.log(2))
        ranking = likeliest(logits, RANKED)
        return cls(logits, weights, float(logits[best]), math.log1p(rest), entropy, ranking)

    def logprob(self, token: int) -> float:
        """Log of the token's probability in nats, at most 0."""
        return float(self.logits[token]) - self.peak - self.log_total

    def rank(self, token: int) -> int:
        """1 + the number of strictly likelier tokens."""
        return 1 + int(np.count_nonzero(self.logits > self.logits[token]))

    def likeliest(self, count: int) -> np.ndarray:
        """Ids of the `count` likeliest tokens, likeliest first, the lower id on ties."""
        if count <= self.ranking.size:
            return self.ranking[:count]
        return likeliest(self.logits, count)

    def top(self, count: int) -> tuple[tuple[int, float], ...]:
        """The same with their logprobs, as (id, logprob)."""
        return tuple((int(token), self.logprob(token)) for token in self.likeliest(count))


def tail(top: tuple[tuple[int, float], ...]) -> float:
    """The probability that the tokens of `top` leave to all others, in [0, 1]."""
    return max(0.0, 1.0 - math.fsum(math.exp(logprob) for _, logprob in top))


def likeliest(values: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` largest of `values` [n], falling, the lower index first on ties."""
    count = min(count, values.size)
    if count == 0:
        return np.empty(0, dtype=np.intp)
    reached = _reached_in_blocks(values, count) if count <= values.size // BLOCK else None
    if reached is None:
        reached = np.flatnonzero(values >= _nth_largest(values, count))
    order = np.argsort(-values[reached], kind="stable")
    return reached[order[:count]]


def _reached_in_blocks(values: np.ndarray, count: int) -> np.ndarray:
    """Rising indices of all values that reach the count-th largest of the block maxima.

    At least `count` values do, so the largest are among them; few others are. A block is a column
    of the values laid out in rows, which makes the maxima one pass of vector operations.
    """
    columns = values.size // BLOCK
    grid = values[: BLOCK * columns].reshape(BLOCK, columns)
    maxima = grid.max(axis=0)
    bound = _nth_largest(maxima, count)
    blocks = np.flatnonzero(maxima >= bound)
    row, column = np.nonzero(grid[:, blocks] >= bound)
    rest = np.flatnonzero(values[grid.size :] >= bound)
    return np.concatenate((row * columns + blocks[column], grid.size + rest))


def _nth_largest(values: np.ndarray, count: int) -> np.floating:
    place = values.size - count
    return np.partition(values, place)[place]


def _moment(weights: np.ndarray, shifted: np.ndarray) -> float:
    """The sum of weight * shifted logit, where a weight of 0 counts 0 even at -inf."""
    # Not a dot product: BLAS would start threads of its own beside the runtime's.
    with np.errstate(invalid="ignore"):
        total = float(np.einsum("i,i", weights, shifted))
    if math.isfinite(total):
        return total
    held = weights > 0
    return float((weights[held] * shifted[held]).sum())
