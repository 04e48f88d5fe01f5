"""Sampling parameters compiled once into a function from a distribution to the next token.

The stages apply in the order that the parameters give. Where a shortcut gives the same tokens, the
full vocabulary is not looked at again.
"""

import secrets
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from app.domain.sampling import SamplerStage, SamplingParams
from app.engine.sampling import logits as transforms
from app.engine.sampling.draw import uniform
from app.engine.sampling.guide import Guide
from app.engine.sampling.history import History
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.stages import Place, Pool, Stage, before_greed, compile_stages
from app.engine.sampling.statistics import Distribution
from app.errors import InvalidRequest

BIAS_LIMIT = 10_000.0


class Sampler:
    """Picks tokens as `params` say; `seed` is None where nothing is ever drawn.

    `stages` are those that do something, in their order; `read` gives a token's bytes, None where
    there is no tokenizer.

    Raises:
        InvalidRequest: a logit bias names a token outside the vocabulary, or is out of range.
    """

    def __init__(
        self,
        params: SamplingParams,
        vocabulary_size: int,
        read: Callable[[int], bytes] | None = None,
    ) -> None:
        _check_bias(params.logit_bias, vocabulary_size)
        self.params = params
        self.seed = _seed(params)
        self.stages = compile_stages(params, vocabulary_size, read, self.seed)
        self._quick = _cuts_first(self.stages)

    def choose(
        self, distribution: Distribution, history: History, position: int
    ) -> tuple[int, float]:
        """The token at absolute `position` and its logprob after all stages.

        Greedy picks have a logprob of 0.
        """
        return self.sampled(distribution, history, position).draw(self.number(position))

    def number(self, position: int) -> float:
        """Where in [0, 1) the draw at absolute `position` falls."""
        return 0.0 if self.seed is None else uniform(self.seed, position)

    def sampled(
        self, distribution: Distribution, history: History, position: int | None = None
    ) -> Sampled:
        """What is left of `distribution` after all stages: a greedy pick is all of it.

        `position` is where the history ends unless it is given.

        Raises:
            InvalidRequest: the answer's grammar leaves no token.
        """
        if history.favoured is not None:
            distribution = _favouring(distribution, *history.favoured)
        return outcome(distribution, self.left(distribution, history, position))

    def left(
        self, distribution: Distribution, history: History, position: int | None = None
    ) -> Pool:
        """The tokens that all stages leave, with their logits."""
        place = Place(history, len(history.ids) if position is None else position)
        if history.guide is None:
            pool, stages = self._shortlist(distribution)
        else:
            pool, stages = allowed(distribution, history.guide), self.stages
        for stage in stages:
            pool = stage.apply(pool, place)
        return pool

    def _shortlist(self, distribution: Distribution) -> tuple[Pool, list[Stage]]:
        """The tokens to look at and the stages that are still to come.

        What the likeliest few prove is not asked of the whole vocabulary.
        """
        params, stages = self.params, self._quick
        names = [stage.name for stage in stages[:2]]
        if names[:1] == [SamplerStage.TOP_K]:
            ids = np.sort(distribution.likeliest(params.top_k))
            return Pool(distribution.logits[ids], ids), stages[1:]
        tempered = names == [SamplerStage.TEMPERATURE, SamplerStage.TOP_P]
        if names[:1] == [SamplerStage.TOP_P] or (tempered and 0 < params.temperature <= 1.0):
            value = params.temperature if tempered else 1.0
            ids = transforms.proven_nucleus(distribution, value, params.top_p)
            if ids is not None:
                left = [stage for stage in stages if stage.name is not SamplerStage.TOP_P]
                return Pool(distribution.logits[ids], ids), left
        return Pool(distribution.logits, None), stages


def _favouring(distribution: Distribution, token: int, nats: float) -> Distribution:
    """The distribution with the logit of one token raised."""
    logits = distribution.logits.copy()
    logits[token] += nats
    return Distribution.of(logits)


def allowed(distribution: Distribution, guide: Guide) -> Pool:
    """The tokens that the answer's grammar leaves.

    Raises:
        InvalidRequest: there are none.
    """
    ids = guide.allowed(distribution.logits.size)
    pool = Pool(distribution.logits[ids], ids)
    if not np.isfinite(pool.row).any():
        raise InvalidRequest(
            "No token of this model goes on as the grammar demands.", "Change the grammar."
        )
    return pool


def outcome(distribution: Distribution, pool: Pool) -> Sampled:
    """The distribution over what is left."""
    same = pool.row is distribution.logits
    return Sampled(distribution.weights if same else np.exp(pool.row - pool.row.max()), pool.ids)


def _cuts_first(stages: list[Stage]) -> list[Stage]:
    """The stages with top-k before a temperature that it follows: temperature keeps the order of
    tokens, and top-k leaves it less work."""
    for at, (one, other) in enumerate(pairwise(stages)):
        if (one.name, other.name) == (SamplerStage.TEMPERATURE, SamplerStage.TOP_K):
            return [*stages[:at], other, one, *stages[at + 2 :]]
    return stages


def _seed(params: SamplingParams) -> int | None:
    greedy = params.temperature == 0.0
    if greedy and (params.xtc_probability == 0.0 or SamplerStage.XTC not in before_greed(params)):
        return None
    return secrets.randbits(63) if params.seed is None else params.seed


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
