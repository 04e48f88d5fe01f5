"""What a token of a draft by a model costs here, timed before the first answer."""

import time
from statistics import median

from app.engine.forward import Forward
from app.engine.model import Model

_LONG = 4  # proposals
_CONTEXT = 8  # tokens
_TURNS = 5  # the first of which warms up


def draft_cost(model: Model, draft: Model) -> float | None:
    """Plain steps of `model` that it takes to make a proposal by `draft` and to check it.

    That is also the share of proposals that has to be kept for drafts to be as fast as plain steps.
    None where no conversation is free to be used for it, or the context is too short.

    Raises:
        CandorError: a run failed.
    """
    plain, long = _timed(model.forward, 1), _timed(model.forward, 1 + _LONG)
    each = _timed(draft.forward, 1)
    if plain is None or long is None or each is None:
        return None
    return ((long - plain) / _LONG + each) / plain


def _timed(forward: Forward, count: int) -> float | None:
    """Seconds of one run over `count` tokens behind a short context."""
    ids = [0] * (_CONTEXT + count)
    if len(ids) > forward.capacity or (slot := forward.slots.take(ids)) is None:
        return None
    try:
        with forward.detour(ids, slot=slot):
            return median([_run(forward, slot, ids) for _ in range(_TURNS)][1:])
    finally:
        forward.slots.release(slot)


def _run(forward: Forward, slot: int, ids: list[int]) -> float:
    done = forward.rewind(0, slot=slot)
    forward.run(ids[done:_CONTEXT], slot=slot)
    began = time.perf_counter()
    forward.run(ids[_CONTEXT:], slot=slot, every_position=len(ids) > _CONTEXT + 1)
    return time.perf_counter() - began
