"""A position of an answer once more: its distribution as the model gave it, and after sampling.

In: the ids before it and sampling parameters. Out: exact numbers over the whole vocabulary. The row
of logits is the generation's own while it is kept, else computed again, the last token in a run of
its own as in a generation, because quantised graphs round by how many tokens run at once.
"""

import math
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from app.domain.events import Alternative, Replayed
from app.domain.requests import Replay
from app.engine.forward import CHUNK, Forward
from app.engine.model import Model
from app.engine.prompt import check_candidates, check_length, checked, encode, token_bytes
from app.engine.sampling.rows import Trail
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.sampler import History, Sampler
from app.engine.sampling.statistics import Distribution


@dataclass(frozen=True, slots=True)
class _Position:
    """The place behind `ids`, the first `prompt_length` of which are the prompt."""

    ids: list[int]
    prompt_length: int

    def history(self, vocabulary_size: int) -> History:
        """What the penalties saw when the token was generated."""
        history = History(vocabulary_size, self.ids[: self.prompt_length])
        for token in self.ids[self.prompt_length :]:
            history.add(token)
        return history

    def run_end(self, start: int) -> int:
        """Where the run from `start` ends: with a chunk, the prompt, or before the last id."""
        count = len(self.ids)
        borders = (self.prompt_length, max(self.prompt_length, count - 1), count)
        return min(start + CHUNK, next(border for border in borders if border > start))


def replay(model: Model, request: Replay, *, cancelled: Callable[[], bool]) -> Replayed | None:
    """The numbers that `request` asks for, or None once it is `cancelled`.

    The caches of requests that are under way are left as they were.

    Raises:
        InvalidRequest: a parameter, the prompt or an id cannot be used with this model.
        ContextExceeded: the ids do not fit the context.
    """
    check_candidates(request.top)
    sampler = Sampler(request.sampling, model.info.vocabulary_size)
    position = _position(model, request)
    key = Trail(position.ids).key
    row, own = model.rows.find(key), model.rows.is_own(key)
    if row is None:
        row = _compute(model.forward, position, cancelled)
        if row is None:
            return None
        model.rows.keep(key, row, own=False)
    raw = Distribution.of(row)
    sampled = sampler.sampled(raw, position.history(row.size))
    tokens = {
        *raw.likeliest(request.top).tolist(),
        *sampled.likeliest(request.top),
        *checked(request.tokens, model),
    }
    return _described(model, raw, sampled, tokens, recomputed=not own)


def _position(model: Model, request: Replay) -> _Position:
    prompt = encode(model, request.prompt, spare=0).ids
    ids = prompt + checked(request.answer, model)
    check_length(len(ids), 0, model.forward.capacity)
    return _Position(ids, len(prompt))


def _compute(
    forward: Forward, position: _Position, cancelled: Callable[[], bool]
) -> np.ndarray | None:
    """Logits float32 [V]; what a cache holds beyond the position is not given up."""
    ids, row = position.ids, None
    slot = forward.slots.nearest(ids)
    kept = forward.slots[slot].taken or forward.goes_on(ids, slot=slot)
    with forward.detour(ids, slot=slot) if kept else nullcontext():
        done = forward.reuse(ids, slot=slot)
        while done < len(ids):
            if cancelled():
                return None
            end = position.run_end(done)
            row = forward.run(ids[done:end], slot=slot)[-1]
            done = end
    return row


def _described(
    model: Model, raw: Distribution, sampled: Sampled, tokens: Iterable[int], *, recomputed: bool
) -> Replayed:
    read, tokenizer = token_bytes(model), model.tokenizer
    alternatives = tuple(
        Alternative(
            id=token,
            data=read(token),
            logprob=raw.logprob(token),
            sampled_logprob=sampled.logprob(token),
            name=tokenizer.name(token) if tokenizer else "",
        )
        for token in sorted(tokens, key=lambda token: (-raw.logprob(token), token))
    )
    left = [each.sampled_logprob for each in alternatives if each.sampled_logprob is not None]
    return Replayed(
        alternatives=alternatives,
        tail=_outside(each.logprob for each in alternatives),
        # Sums over float32 round; where every token that is left is listed, nothing is outside.
        sampled_tail=_outside(left) if len(left) < sampled.kept else 0.0,
        kept=sampled.kept,
        entropy=sampled.entropy,
        recomputed=recomputed,
    )


def _outside(logprobs: Iterable[float]) -> float:
    return max(0.0, 1.0 - math.fsum(map(math.exp, logprobs)))
