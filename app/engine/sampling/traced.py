"""A position's way through the sampler, stage by stage and without shortcuts."""

import math
from collections.abc import Sequence

from msgspec.structs import asdict

from app.domain.sampling import SamplerStage
from app.domain.trace import Cut, Draw, SamplerTrace, StageTrace
from app.engine.sampling.draw import coin, uniform
from app.engine.sampling.history import History
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.sampler import Sampler, allowed, outcome
from app.engine.sampling.stages import Place, Pool
from app.engine.sampling.statistics import Distribution

_BY_PROBABILITY = (
    SamplerStage.TEMPERATURE,
    SamplerStage.TOP_K,
    SamplerStage.TOP_P,
    SamplerStage.MIN_P,
)


def trace(
    sampler: Sampler, distribution: Distribution, history: History, tokens: Sequence[int]
) -> SamplerTrace:
    """What every stage did behind `history`, with the logprobs of `tokens` after each."""
    place = Place(history, len(history.ids))
    pool = Pool(distribution.logits, None)
    before, held = outcome(distribution, pool), None
    if history.guide is not None:
        raw, pool = before, allowed(distribution, history.guide)
        before = outcome(distribution, pool)
        held = _cut(raw, before, tokens)
    doing = {stage.name: stage for stage in sampler.stages}
    found: list[StageTrace] = []
    for name in sampler.params.order:
        stage = doing.get(name)
        if stage is not None:
            pool = stage.apply(pool, place)
        after = outcome(distribution, pool) if stage is not None else before
        found.append(_traced(sampler, name, place, (before, after), tokens))
        before = after
    return SamplerTrace(tuple(found), _drawn(sampler, before, place), held)


def _traced(
    sampler: Sampler,
    name: SamplerStage,
    place: Place,
    states: tuple[Sampled, Sampled],
    tokens: Sequence[int],
) -> StageTrace:
    before, after = states
    active = any(stage.name is name for stage in sampler.stages)
    cut = _cut(before, after, tokens)
    number = None
    if active and name is SamplerStage.XTC and sampler.seed is not None:
        number = coin(sampler.seed, place.position)
    return StageTrace(
        stage=name,
        active=active,
        line=_line(sampler, name, before, after) if cut.removed else None,
        number=number,
        **asdict(cut),
    )


def _cut(before: Sampled, after: Sampled, tokens: Sequence[int]) -> Cut:
    removed = before.kept - after.kept
    return Cut(
        kept=after.kept,
        removed=removed,
        removed_mass=before.outside(after) if removed else 0.0,
        logprobs=tuple(after.logprob(token) for token in tokens),
    )


def _line(sampler: Sampler, name: SamplerStage, before: Sampled, after: Sampled) -> float | None:
    if name is SamplerStage.XTC:
        return sampler.params.xtc_threshold
    if name not in _BY_PROBABILITY:
        return None
    least = before.logprob(after.least_likely())
    return None if least is None else math.exp(least)


def _drawn(sampler: Sampler, sampled: Sampled, place: Place) -> Draw | None:
    """Where the seed is the sampler's own invention, nobody drew with it."""
    if sampler.seed is None or sampler.params.seed is None:
        return None
    number = uniform(sampler.seed, place.position)
    token, _ = sampled.draw(number)
    return Draw(number, *sampled.interval(token), token)
