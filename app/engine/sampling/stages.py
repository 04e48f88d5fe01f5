"""The sampler's stages, each a function from the tokens that are left to those that stay.

Parameters are compiled into the stages that do something, in the order they ask for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from app.domain.sampling import SamplerStage, SamplingParams
from app.engine.sampling import logits as transforms
from app.engine.sampling.draw import coin
from app.engine.sampling.dry import Dry
from app.engine.sampling.history import History


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The logits, float32 [n], of the tokens that are left: of `ids` (rising), None for all."""

    row: np.ndarray
    ids: np.ndarray | None

    def keep(self, kept: np.ndarray) -> "Pool":
        """Only these places of the row."""
        return Pool(self.row[kept], kept if self.ids is None else self.ids[kept])

    def of(self, table: np.ndarray) -> np.ndarray:
        """What a table over the vocabulary [V] says of the tokens that are left [n]."""
        return table if self.ids is None else table[self.ids]

    def places(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where those of `tokens` that are left stand, and which of them these are, bool."""
        if self.ids is None:
            return tokens, np.ones(tokens.size, dtype=bool)
        found = np.searchsorted(self.ids, tokens)
        held = self.ids[np.minimum(found, self.ids.size - 1)] == tokens
        return found[held], held


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token is picked: what stands before it, and its absolute `position`."""

    history: History
    position: int


_FAR = 1e30
"""Larger logits overflow in float32 once they are multiplied."""

Value = TypeVar("Value", int, float)

Apply = Callable[[Pool, Place], Pool]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that does something."""

    name: SamplerStage
    apply: Apply


def compile_stages(
    params: SamplingParams,
    vocabulary_size: int,
    read: Callable[[int], bytes] | None,
    seed: int | None,
) -> list[Stage]:
    """The stages of `params` in their order, up to a temperature of 0, which leaves one token."""
    makers: dict[SamplerStage, Callable[[], Apply | None]] = {
        SamplerStage.PENALTIES: lambda: _penalties(params),
        SamplerStage.DRY: lambda: _dry(params, vocabulary_size, read),
        SamplerStage.BIAS: lambda: _bias(params),
        SamplerStage.TEMPERATURE: lambda: _temperature(params),
        SamplerStage.TOP_K: lambda: _cut(_top_k, params.top_k, 0),
        SamplerStage.TOP_P: lambda: _cut(transforms.top_p, params.top_p, 1.0),
        SamplerStage.MIN_P: lambda: _cut(transforms.min_p, params.min_p, 0.0),
        SamplerStage.TYPICAL_P: lambda: _cut(transforms.typical_p, params.typical_p, 1.0),
        SamplerStage.XTC: lambda: _xtc(params, seed),
    }
    made = [(name, makers[name]()) for name in before_greed(params)]
    return [Stage(name, apply) for name, apply in made if apply is not None]


def before_greed(params: SamplingParams) -> tuple[SamplerStage, ...]:
    """The order up to a temperature of 0."""
    if params.temperature > 0.0:
        return params.order
    return params.order[: params.order.index(SamplerStage.TEMPERATURE) + 1]


def _penalties(params: SamplingParams) -> Apply | None:
    repetition, frequency = params.repetition_penalty, params.frequency_penalty
    presence = params.presence_penalty
    if repetition == 1.0 and frequency == presence == 0.0:
        return None

    def apply(pool: Pool, place: Place) -> Pool:
        row, history = pool.row, place.history
        if repetition != 1.0:
            row = transforms.repetition_penalty(row, pool.of(history.seen), repetition)
        if frequency != 0.0:
            row = transforms.frequency_penalty(row, pool.of(history.counts), frequency)
        if presence != 0.0:
            row = transforms.presence_penalty(row, pool.of(history.counts), presence)
        return Pool(row, pool.ids)

    return apply


def _dry(
    params: SamplingParams, vocabulary_size: int, read: Callable[[int], bytes] | None
) -> Apply | None:
    if params.dry_multiplier == 0.0:
        return None
    dry = Dry(params, vocabulary_size, read)

    def apply(pool: Pool, place: Place) -> Pool:
        tokens, penalties = dry.penalties(place.history.ids)
        return _shifted(pool, tokens, -penalties)

    return apply


def _bias(params: SamplingParams) -> Apply | None:
    if not params.logit_bias:
        return None
    tokens = np.array(list(params.logit_bias), dtype=np.intp)
    biases = np.array(list(params.logit_bias.values()), dtype=np.float32)
    return lambda pool, place: _shifted(pool, tokens, biases)


def _shifted(pool: Pool, tokens: np.ndarray, amounts: np.ndarray) -> Pool:
    places, held = pool.places(tokens)
    return Pool(transforms.logit_bias(pool.row, places, amounts[held]), pool.ids)


def _temperature(params: SamplingParams) -> Apply | None:
    value = params.temperature
    if value == 1.0:
        return None
    if value == 0.0:
        return lambda pool, place: pool.keep(np.array([pool.row.argmax()]))
    order = params.order
    if order.index(SamplerStage.PENALTIES) < order.index(SamplerStage.TEMPERATURE):
        return lambda pool, place: Pool(transforms.temperature(pool.row, value), pool.ids)

    def in_place(pool: Pool, place: Place) -> Pool:
        # The repetition penalty goes by a logit's sign, which the transform's shift changes.
        peak = np.float32(np.clip(float(pool.row.max()) / value, -_FAR, _FAR))
        return Pool(transforms.temperature(pool.row, value) + peak, pool.ids)

    return in_place


def _cut(cut: Callable[[np.ndarray, Value], np.ndarray], value: Value, off: Value) -> Apply | None:
    if value == off:
        return None
    return lambda pool, place: pool.keep(cut(pool.row, value))


def _top_k(row: np.ndarray, count: float) -> np.ndarray:
    return transforms.top_k(row, int(count))


def _xtc(params: SamplingParams, seed: int | None) -> Apply | None:
    if params.xtc_probability == 0.0 or seed is None:
        return None
    cut = partial(transforms.xtc, threshold=params.xtc_threshold)

    def apply(pool: Pool, place: Place) -> Pool:
        acts = coin(seed, place.position) < params.xtc_probability
        return pool.keep(cut(pool.row)) if acts else pool

    return apply
