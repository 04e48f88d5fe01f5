"""Sampling parameters compiled once into a function from logits to the next token.

Randomness is counter-based: the draw at a position is a pure function of the seed and the
position, so that a replay, a batch or a verified draft picks the tokens of a plain run.
"""

import math
import secrets
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from app.domain.sampling import SamplingParams
from app.engine import logits as transforms
from app.engine.statistics import Distribution
from app.errors import InvalidRequest

BLOCK = 512
BIAS_LIMIT = 10_000.0

Cut = Callable[[np.ndarray], np.ndarray]


class History:
    """What the penalties look at: tokens seen at all, and how often the answer holds each."""

    def __init__(self, vocabulary_size: int, prompt: Sequence[int]) -> None:
        self.seen = np.zeros(vocabulary_size, dtype=bool)
        self.seen[list(prompt)] = True
        self.counts = np.zeros(vocabulary_size, dtype=np.int32)

    def add(self, token: int) -> None:
        """Count a token of the answer."""
        self.seen[token] = True
        self.counts[token] += 1


class Sampler:
    """Picks tokens as `params` say; `seed` is None where nothing is ever drawn.

    Raises:
        InvalidRequest: a logit bias names a token outside the vocabulary, or is out of range.
    """

    def __init__(self, params: SamplingParams, vocabulary_size: int) -> None:
        _check_bias(params.logit_bias, vocabulary_size)
        self.params = params
        self.seed = _seed(params)
        self._cuts = _cuts(params)
        self._biased = np.array(list(params.logit_bias), dtype=np.intp)
        self._biases = np.array(list(params.logit_bias.values()), dtype=np.float32)

    def choose(
        self, distribution: Distribution, history: History, position: int
    ) -> tuple[int, float]:
        """The token at absolute `position` and its logprob after all transforms.

        Greedy picks have a logprob of 0.
        """
        row = self._adjust(distribution.logits, history)
        if self.seed is None:
            return int(row.argmax()), 0.0
        ids, row = self._narrow(row)
        same = row is distribution.logits
        weights = distribution.weights if same else np.exp(row - row.max())
        index, logprob = draw(weights, uniform(self.seed, position))
        return index if ids is None else int(ids[index]), logprob

    def _narrow(self, row: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
        """The ids that all cuts keep, None for all of them, and their tempered logits."""
        ids: np.ndarray | None = None
        if self.params.top_k > 0:
            # Temperature keeps the order, so that it may come after for a fraction of the work.
            ids = transforms.top_k(row, self.params.top_k)
            row = row[ids]
        if self.params.temperature != 1.0:
            row = transforms.temperature(row, self.params.temperature)
        for cut in self._cuts:
            kept = cut(row)
            row = row[kept]
            ids = kept if ids is None else ids[kept]
        return ids, row

    def _adjust(self, row: np.ndarray, history: History) -> np.ndarray:
        params = self.params
        if params.repetition_penalty != 1.0:
            row = transforms.repetition_penalty(row, history.seen, params.repetition_penalty)
        if params.frequency_penalty != 0.0:
            row = transforms.frequency_penalty(row, history.counts, params.frequency_penalty)
        if params.presence_penalty != 0.0:
            row = transforms.presence_penalty(row, history.counts, params.presence_penalty)
        if self._biased.size:
            row = transforms.logit_bias(row, self._biased, self._biases)
        return row


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) with 53 random bits that depends on nothing but its arguments.

    Source: Salmon et al. 2011, Philox 4x64.
    """
    bits = np.random.Philox(key=seed, counter=position).random_raw()
    return (bits >> 11) * 2.0**-53


def draw(weights: np.ndarray, number: float) -> tuple[int, float]:
    """Invert the cumulative distribution of `weights`, float32 [n], at `number` in [0, 1).

    Returns the index and its logprob. Sums run over blocks first, since only one block's inside
    is ever looked at.
    """
    sums = np.add.reduceat(weights, np.arange(0, weights.size, BLOCK)).astype(np.float64)
    edges = np.cumsum(sums)
    target = number * edges[-1]
    block = _invert(edges, target)
    inside = np.cumsum(weights[block * BLOCK : (block + 1) * BLOCK], dtype=np.float64)
    index = block * BLOCK + _invert(inside, target - (edges[block] - sums[block]))
    return index, min(0.0, math.log(weights[index] / edges[-1]))


def _invert(edges: np.ndarray, target: float) -> int:
    """The first index whose running sum exceeds `target`; rounding never leaves the last one."""
    found = np.searchsorted(edges, target, side="right")
    return int(min(found, np.searchsorted(edges, edges[-1], side="left")))


def _seed(params: SamplingParams) -> int | None:
    if params.temperature == 0.0:
        return None
    return secrets.randbits(63) if params.seed is None else params.seed


def _cuts(params: SamplingParams) -> list[Cut]:
    """What follows temperature."""
    cuts: list[Cut] = []
    if params.top_p < 1.0:
        cuts.append(partial(transforms.top_p, mass=params.top_p))
    if params.min_p > 0.0:
        cuts.append(partial(transforms.min_p, share=params.min_p))
    if params.typical_p < 1.0:
        cuts.append(partial(transforms.typical_p, mass=params.typical_p))
    return cuts


def _check_bias(bias: dict[int, float], vocabulary_size: int) -> None:
    for token, value in bias.items():
        if not 0 <= token < vocabulary_size:
            raise InvalidRequest(
                f"logit_bias names token {token}; this model has tokens 0 to {vocabulary_size - 1}."
            )
        if abs(value) > BIAS_LIMIT:
            raise InvalidRequest(
                f"A logit bias must lie between -{BIAS_LIMIT:g} and {BIAS_LIMIT:g}, not {value:g}."
            )
