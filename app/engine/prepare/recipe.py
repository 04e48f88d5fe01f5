"""Which passes make the graphs that run, in which order, and what is said of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto

from app.domain.preparation import Step
from app.engine.prepare.accuracy import int8_activations
from app.engine.prepare.fusion import Cache, fuse_attention
from app.engine.prepare.int8_cache import int8_cache
from app.engine.prepare.last_logits import wanted_logits
from app.engine.prepare.lengths import direct_lengths, query_lengths
from app.engine.prepare.part import ReadWeight
from app.engine.prepare.rewrite import Unfit

VERSION = 3
"""Counts up when the passes give other graphs, so that stored ones are made anew."""

OnLayer = Callable[[int, int], None]
_FUSED = "attention fused"
_LENGTHS = "lengths fed"
_QUERIES = "rows of unequal length"
_LOGITS = "logits only where wanted"
_INT8 = "8-bit activations"
_CACHE = "8-bit cache"


@dataclass(frozen=True, slots=True)
class Draft:
    """A graph on its way, and the steps that were tried on it."""

    model: ModelProto
    steps: tuple[Step, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether any step was taken."""
        return any(step.applied for step in self.steps)

    def marked_inexact(self, note: str) -> "Draft":
        """The same draft, whose steps turned out to change numbers."""
        steps = (Step(each.name, each.applied, not each.applied, note) for each in self.steps)
        return Draft(self.model, tuple(steps))

    def then(self, name: str, outcome: ModelProto | Unfit, *, exact: bool = True) -> "Draft":
        """The draft after a step."""
        if isinstance(outcome, Unfit):
            return Draft(self.model, (*self.steps, Step(name, False, exact, outcome.reason)))
        return Draft(outcome, (*self.steps, Step(name, True, exact)))


def fused(model: ModelProto, cache: Cache | Unfit, read: ReadWeight, on_layer: OnLayer) -> Draft:
    """The graph with its attention fused, where that is proven to be the same."""
    if isinstance(cache, Unfit):
        return Draft(model).then(_FUSED, cache)
    return Draft(model).then(_FUSED, fuse_attention(model, cache, read, on_layer))


def fed(draft: Draft) -> Draft:
    """The quick exact steps: what the graph would work out or compute for nothing is fed."""
    if not draft.changed:  # fused attention is fed its lengths already
        draft = draft.then(_LENGTHS, direct_lengths(draft.model))
    draft = draft.then(_QUERIES, query_lengths(draft.model))
    return draft.then(_LOGITS, wanted_logits(draft.model))


def with_int8_cache(draft: Draft, largest: Mapping[str, np.ndarray]) -> Draft:
    """The graph with a cache of 8 bits."""
    return draft.then(_CACHE, int8_cache(draft.model, largest), exact=False)


def rounded(draft: Draft) -> Draft:
    """The step that changes numbers."""
    return draft.then(_INT8, int8_activations(draft.model), exact=False)
