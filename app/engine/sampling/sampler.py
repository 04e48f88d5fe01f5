"""Sampling parameters compiled once into a function from a distribution to the next token.

The transforms of `logits` apply in the order of the parameters' fields. Where a shortcut gives the
same tokens, the full vocabulary is not looked at again.
"""

import secrets
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from app.domain.sampling import SamplingParams
from app.engine.sampling import logits as transforms
from app.engine.sampling.draw import uniform
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.statistics import Distribution
from app.errors import InvalidRequest

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
        number = 0.0 if self.seed is None else uniform(self.seed, position)
        return self.sampled(distribution, history).draw(number)

    def sampled(self, distribution: Distribution, history: History) -> Sampled:
        """What is left of `distribution` after all transforms: a greedy pick is all of it."""
        row = self._adjust(distribution.logits, history)
        if self.seed is None:
            return Sampled(np.ones(1, dtype=np.float32), np.array([row.argmax()]))
        ids, cuts = self._shortlist(distribution, row)
        row, ids = self._narrow(row if ids is None else row[ids], ids, cuts)
        same = row is distribution.logits
        return Sampled(distribution.weights if same else np.exp(row - row.max()), ids)

    def _shortlist(
        self, distribution: Distribution, row: np.ndarray
    ) -> tuple[np.ndarray | None, list[Cut]]:
        """Rising ids to look at, None for all, and the cuts that are still to be made.

        Temperature keeps the order, so that top-k, and top-p where it is easily proven, come
        before it and leave it less work.
        """
        params, plain = self.params, row is distribution.logits
        if params.top_k > 0:
            if plain:
                return np.sort(distribution.likeliest(params.top_k)), self._cuts
            return transforms.top_k(row, params.top_k), self._cuts
        if plain and params.top_p < 1.0 and params.temperature <= 1.0:
            kept = transforms.proven_nucleus(distribution, params.temperature, params.top_p)
            if kept is not None:
                return kept, self._cuts[1:]
        return None, self._cuts

    def _narrow(
        self, row: np.ndarray, ids: np.ndarray | None, cuts: list[Cut]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Temper the logits of `ids`, None for all of them, and keep what all `cuts` keep."""
        if self.params.temperature != 1.0:
            row = transforms.temperature(row, self.params.temperature)
        for cut in cuts:
            kept = cut(row)
            row = row[kept]
            ids = kept if ids is None else ids[kept]
        return row, ids

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
