"""The loop: `begin` makes a sequence of a request, `tick` advances many requests by one step.

A tick runs one token of every sequence that is past its prompt, all in one run where the graph
can, and reads one chunk of one prompt, or of a text to be scored.
"""

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from app.domain.events import Event, FinishReason
from app.domain.requests import Generate
from app.engine import sequence
from app.engine.budget import Budget, closing
from app.engine.forward import CHUNK, Outcome
from app.engine.model import Model
from app.engine.prompt import (
    Encoded,
    check_candidates,
    checked,
    encode,
    guide,
    text_bytes,
    token_bytes,
)
from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.sampler import Sampler
from app.engine.speculation.drafter import Drafter
from app.engine.text.channels import ChannelSplitter
from app.engine.text.stop import StopStrings
from app.engine.transcript import Transcript
from app.engine.work import Work
from app.errors import CandorError, InvalidRequest

News = tuple[Work, list[Event]]
"""A request and what came of it; where its `error` is set, that is its end."""


def begin(model: Model, request: Generate, drafter: Drafter | None = None) -> sequence.Sequence:
    """The sequence of a request, nothing of it computed yet; `drafter` writes ahead of it.

    Raises:
        InvalidRequest: a parameter or the prompt cannot be used with this model.
        ContextExceeded: the prompt does not fit the context.
    """
    check_candidates(request.top_logprobs)
    _check(model, request)
    prefix = checked(request.prefix, model)
    encoded = encode(model, request.prompt, spare=1 + len(prefix))
    size = model.info.vocabulary_size
    read = model.tokenizer.token_bytes if model.tokenizer else None
    held = guide(model, request.grammar, encoded)
    if held is not None:
        held.check(prefix)
    longest = None if request.max_tokens is None else request.max_tokens + len(prefix)
    return sequence.Sequence(
        prompt=encoded.ids,
        sampler=Sampler(request.sampling, size, read),
        history=History(size, encoded.ids, held),
        transcript=Transcript(
            ChannelSplitter.after(encoded.text, encoded.format),
            StopStrings(request.stop),
            token_bytes(model),
            text_bytes(model, encoded.format),
        ),
        limits=sequence.Limits(model.eos_ids, longest, model.forward.capacity),
        top_logprobs=request.top_logprobs,
        prefix=prefix,
        drafter=drafter,
        budget=_budget(model, request, encoded),
    )


def tick(model: Model, works: Sequence[Work]) -> Iterator[News]:
    """Advance all `works` that have a slot, or get one, by one step; an ended one leaves its slot.

    What one of them ends in, an error too, is no matter to the others. The news of each come as
    soon as they are known.
    """
    for news in _steps(model, works):
        if news[0].finished or news[0].restarts:
            leave(model, news[0])
        yield news


def leave(model: Model, work: Work) -> None:
    """Take the slot from a request, which finds what is left of its cache when it has one again."""
    if work.slot is not None:
        model.forward.slots.release(work.slot)
        work.slot = None
    work.left()


def generate(model: Model, request: Generate) -> Iterator[Event]:
    """All events of one request, run alone.

    Raises:
        CandorError: it failed.
    """
    for events in alone(model, begin(model, request)):
        yield from events


def alone(model: Model, work: Work) -> Iterator[list[Event]]:
    """What comes of a request that nothing runs beside, step by step.

    Raises:
        CandorError: it failed.
    """
    try:
        while not work.finished:
            for _, events in tick(model, [work]):
                yield events
    finally:
        leave(model, work)
    if work.error is not None:
        raise work.error


def _steps(model: Model, works: Sequence[Work]) -> Iterator[News]:
    for work in works:
        if work.cancelled:
            work.end(FinishReason.CANCELLED)
            yield work, work.events()
    seated = [work for work in works if not work.finished and _seat(model, work)]
    yield from ((work, work.events()) for work in seated if work.finished)
    seated = [work for work in seated if not work.finished]
    yield from _decode(model, [work for work in seated if work.decoding])
    reading = [work for work in seated if not work.finished and not work.decoding]
    if reading:
        longest_waiting = min(reading, key=lambda work: work.waiting_since)
        yield longest_waiting, _read(model, longest_waiting)


def _seat(model: Model, work: Work) -> bool:
    """Whether a request has a slot, or gets one now; it may fail over it."""
    if work.slot is not None:
        return True
    work.slot = model.forward.slots.take(work.reusable)
    if work.slot is None:
        return False
    try:
        work.seat(model.forward.reuse(work.reusable, slot=work.slot))
    except BaseException as error:  # noqa: BLE001 - a rewind may want memory that is not there
        work.fail(error)
    return True


def _decode(model: Model, works: Sequence[Work]) -> Iterator[News]:
    """Run the last token of every sequence, behind it a draft where there is one."""
    alone = len(works) == 1 or model.forward.rows_per_run == 1
    drafts = {work: work.propose(alone=alone) for work in works}
    yield from _verify(model, {work: found for work, found in drafts.items() if found})
    yield from _step(model, [work for work in works if not drafts[work]])


def _step(model: Model, works: Sequence[Work]) -> Iterator[News]:
    steps = [(work.slot or 0, work.ids[-1]) for work in works]
    for work, row in zip(works, model.forward.decode(steps), strict=True):
        if isinstance(row, CandorError):
            work.fail(row)
            yield work, work.events()
        else:
            yield work, _advance(model, work, 1, row)


def _verify(model: Model, drafts: Mapping[Work, Sequence[Proposal]]) -> Iterator[News]:
    """Run the last token of each sequence and all that is proposed behind it, together if more
    than one has a draft and the graph can."""
    steps = [
        (work.slot or 0, [work.ids[-1], *(each.token for each in proposals)])
        for work, proposals in drafts.items()
    ]
    rows = model.forward.verify(steps) if len(steps) > 1 else None
    outcomes = rows or [None] * len(steps)
    for work, (_, ids), logits in zip(drafts, steps, outcomes, strict=True):
        yield work, _verified(model, work, drafts[work], ids, logits)


def _verified(
    model: Model,
    work: Work,
    proposals: Sequence[Proposal],
    ids: Sequence[int],
    logits: Outcome | None,
) -> list[Event]:
    """Go on by the logits behind `ids`, which are run first where there are none."""
    slot = work.slot or 0
    try:
        if logits is None:
            logits = model.forward.run(ids, slot=slot, every_position=True, written=True)
        if isinstance(logits, CandorError):
            raise logits
        work.verify(proposals, logits, model.rows)
        return work.settle(model.forward.rewind(len(work.ids) - 1, slot=slot))
    except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
        work.fail(error)
        return work.events() if isinstance(error, CandorError) else []


def _read(model: Model, work: Work) -> list[Event]:
    """Run the next chunk of a prompt, or of a text that is scored."""
    chunk = work.ids[work.computed : work.computed + CHUNK]
    work.waiting_since = time.perf_counter()
    try:
        logits = model.forward.run(chunk, slot=work.slot or 0, every_position=work.every_position)
    except CandorError as error:
        work.fail(error)
        return work.events()
    return _advance(model, work, len(chunk), logits)


def _advance(model: Model, work: Work, count: int, logits: np.ndarray) -> list[Event]:
    try:
        return work.advance(count, logits, model.rows)
    except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
        work.fail(error)
        return []


def _budget(model: Model, request: Generate, encoded: Encoded) -> Budget | None:
    """What limits the thought; None where nothing is thought."""
    limit = request.thought
    if limit.tokens is not None and not 0 <= limit.tokens <= model.forward.capacity:
        raise InvalidRequest(
            f"A reasoning budget of {limit.tokens:,} tokens is not between 0 and the context, which"
            f" holds {model.forward.capacity:,}."
        )
    if model.tokenizer is None or not encoded.format.closing:
        if limit.tokens:
            raise InvalidRequest("Only a chat can have a reasoning budget.")
        return None
    end = closing(model.tokenizer, encoded.format, limit.closing)
    return Budget(limit, end, model.tokenizer.token_bytes)


def _check(model: Model, request: Generate) -> None:
    if request.max_tokens is not None and request.max_tokens < 1:
        raise InvalidRequest(f"max_tokens must be at least 1, not {request.max_tokens}.")
    if any(not stop for stop in request.stop):
        raise InvalidRequest("A stop string must not be empty.")
    if request.stop and model.tokenizer is None:
        raise InvalidRequest("Stop strings need a tokenizer, which this model folder lacks.")
