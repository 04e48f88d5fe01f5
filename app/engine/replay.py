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
from app.engine.prompt import check_candidates, check_length, checked, encode, guide, token_bytes
from app.engine.sampling.guide import Guide
from app.engine.sampling.history import History
from app.engine.sampling.rows import Trail
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.statistics import Distribution
from app.engine.sampling.traced import trace
from app.engine.text.search import Search
from app.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class _Position:
    """The place behind `ids`, the first `prompt_length` of which are the prompt; `guide` holds the
    answer to its grammar."""

    ids: list[int]
    prompt_length: int
    guide: Guide | None = None

    def history(self, vocabulary_size: int) -> History:
        """What the penalties saw when the token was generated."""
        history = History(vocabulary_size, self.ids[: self.prompt_length], self.guide)
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
    search = request.search and Search(request.search)
    read = model.tokenizer.token_bytes if model.tokenizer else None
    sampler = Sampler(request.sampling, model.info.vocabulary_size, read)
    position, token = _position(model, request)
    key = Trail(position.ids).key
    row, own = model.rows.find(key), model.rows.is_own(key)
    if row is None:
        row = _compute(model.forward, position, cancelled)
        if row is None:
            return None
        model.rows.keep(key, row, own=False)
    raw = Distribution.of(row)
    history = position.history(row.size)
    sampled = sampler.sampled(raw, history)
    tokens = {
        *raw.likeliest(request.top).tolist(),
        *sampled.likeliest(request.top),
        *checked(request.tokens, model),
        *([] if token is None else [token]),
    }
    view = _View(model, raw, sampled)
    found, matches = search.best(model.tokenizer, raw) if search else ([], 0)
    alternatives = view.alternatives(tokens)
    left = [each.sampled_logprob for each in alternatives if each.sampled_logprob is not None]
    return Replayed(
        alternatives=alternatives,
        tail=_outside(each.logprob for each in alternatives),
        # Sums over float32 round; where every token that is left is listed, nothing is outside.
        sampled_tail=_outside(left) if len(left) < sampled.kept else 0.0,
        kept=sampled.kept,
        entropy=sampled.entropy,
        raw_entropy=raw.entropy,
        recomputed=not own,
        token=token,
        found=tuple(map(view.alternative, found)),
        matches=matches,
        trace=trace(sampler, raw, history, [each.id for each in alternatives])
        if request.trace
        else None,
    )


def _position(model: Model, request: Replay) -> tuple[_Position, int | None]:
    """The place in question, and the token of the prompt that stands there."""
    encoded = encode(model, request.prompt, spare=0)
    prompt = encoded.ids
    if request.at is None:
        ids = prompt + checked(request.answer, model)
        check_length(len(ids), 0, model.forward.capacity)
        held = guide(model, request.grammar, encoded)
        return _Position(ids, len(prompt), held), None
    if request.answer:
        raise InvalidRequest("A token of the prompt comes before any answer.")
    if not 1 <= request.at < len(prompt):
        raise InvalidRequest(
            f"The prompt has no token {request.at} with a distribution before it.",
            f"Choose one of 1 to {len(prompt) - 1}.",
        )
    return _Position(prompt[: request.at], request.at), prompt[request.at]


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
            written = done >= position.prompt_length
            row = forward.run(ids[done:end], slot=slot, written=written)[-1]
            done = end
    return row


@dataclass(frozen=True, slots=True)
class _View:
    """A position's two distributions, and how their tokens are told of."""

    model: Model
    raw: Distribution
    sampled: Sampled

    def alternative(self, token: int) -> Alternative:
        """All there is to say of one token."""
        tokenizer = self.model.tokenizer
        return Alternative(
            id=token,
            data=token_bytes(self.model)(token),
            logprob=self.raw.logprob(token),
            sampled_logprob=self.sampled.logprob(token),
            rank=self.raw.rank(token),
            name=tokenizer.name(token) if tokenizer else "",
        )

    def alternatives(self, tokens: Iterable[int]) -> tuple[Alternative, ...]:
        """The tokens, likeliest first."""
        return tuple(sorted(map(self.alternative, tokens), key=lambda each: (each.rank, each.id)))


def _outside(logprobs: Iterable[float]) -> float:
    return max(0.0, 1.0 - math.fsum(map(math.exp, logprobs)))
