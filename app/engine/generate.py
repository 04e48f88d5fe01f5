"""The loop: `begin` makes a sequence of a request, `tick` advances it by one step.

A tick reads one chunk of the prompt or runs one token; as soon as there are logits, `step` picks
the next token, and the sequence turns it into text. Proposals of several tokens per step have the
same shape: the sequence accepts choices one by one.
"""

from collections.abc import Iterator

import numpy as np

from app.domain.events import Event, FinishReason
from app.domain.requests import Generate
from app.domain.tokens import Source
from app.engine.channels import ChannelSplitter
from app.engine.forward import CHUNK
from app.engine.model import Model
from app.engine.prompt import encode, text_bytes, token_bytes
from app.engine.record import Choice, Numbers
from app.engine.sampler import History, Sampler
from app.engine.sequence import Limits, Sequence
from app.engine.statistics import Distribution
from app.engine.stop import StopStrings
from app.engine.transcript import Transcript
from app.errors import InvalidRequest

MOST_CANDIDATES = 100


def begin(model: Model, request: Generate) -> Sequence:
    """The sequence of a request, nothing of it computed yet.

    Raises:
        InvalidRequest: a parameter or the prompt cannot be used with this model.
        ContextExceeded: the prompt does not fit the context.
    """
    check_candidates(request.top_logprobs)
    _check(model, request)
    encoded = encode(model, request.prompt, spare=1)
    size = model.info.vocabulary_size
    return Sequence(
        prompt=encoded.ids,
        sampler=Sampler(request.sampling, size),
        history=History(size, encoded.ids),
        transcript=Transcript(
            ChannelSplitter.after(encoded.text, encoded.format),
            StopStrings(request.stop),
            token_bytes(model),
            text_bytes(model, encoded.format),
        ),
        limits=Limits(model.eos_ids, request.max_tokens, model.forward.capacity),
        top_logprobs=request.top_logprobs,
    )


def tick(model: Model, sequence: Sequence) -> list[Event]:
    """Advance by one step and say what came of it; the last event is Finished."""
    if sequence.cancelled:
        sequence.end(FinishReason.CANCELLED)
        return sequence.events()
    if not sequence.started:
        sequence.start(cached=model.forward.reuse(sequence.ids))
    chunk = sequence.ids[sequence.computed : sequence.computed + CHUNK]
    logits = model.forward.run(chunk)
    progress = sequence.advance(len(chunk))
    if sequence.computed == len(sequence.ids):
        model.rows.keep(sequence.trail.key, logits[-1])
        for choice in step(sequence, logits[-1]):
            sequence.accept(choice)
            if sequence.finished:
                break
    return progress + sequence.events()


def step(sequence: Sequence, logits: np.ndarray) -> list[Choice]:
    """Plain decoding: the one token that follows from `logits`, float32 [V]."""
    distribution = Distribution.of(logits)
    if sequence.forced:
        token, sampled = sequence.forced.popleft(), None
    else:
        position = len(sequence.ids)
        token, sampled = sequence.sampler.choose(distribution, sequence.history, position)
    source = Source.FORCED if sampled is None else Source.SAMPLED
    numbers = Numbers.of(distribution, token, sequence.top_logprobs)
    return [Choice(token, source, numbers, sampled)]


def generate(model: Model, request: Generate) -> Iterator[Event]:
    """All events of one request, run alone."""
    sequence = begin(model, request)
    while not sequence.finished:
        yield from tick(model, sequence)


def check_candidates(count: int) -> None:
    """Refuse a number of candidates per record that is out of range."""
    if not 0 <= count <= MOST_CANDIDATES:
        raise InvalidRequest(f"top_logprobs must lie between 0 and {MOST_CANDIDATES}, not {count}.")


def _check(model: Model, request: Generate) -> None:
    if request.max_tokens is not None and request.max_tokens < 1:
        raise InvalidRequest(f"max_tokens must be at least 1, not {request.max_tokens}.")
    if any(not stop for stop in request.stop):
        raise InvalidRequest("A stop string must not be empty.")
    if request.stop and model.tokenizer is None:
        raise InvalidRequest("Stop strings need a tokenizer, which this model folder lacks.")
