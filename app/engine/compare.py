"""Two loaded models read the same text, chunk by chunk, and what they gave is set side by side.

Where their vocabularies are the same, id by id, whole distributions are compared; else each reads
its own tokens, and what lies between common ends of tokens is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.domain.comparison import Alignment, Parted, Piece
from app.domain.requests import IdsPrompt, TextPrompt
from app.engine.forward import CHUNK
from app.engine.model import Model
from app.engine.prompt import Encoded, encode_long, token_bytes
from app.engine.sampling.block import block_numbers
from app.engine.sampling.record import Numbers
from app.engine.text.textstream import TextStream
from app.engine.windows import Window, windows
from app.errors import InvalidRequest

OnTokens = Callable[[int, int], None]
_ROWS = 16  # in float64 at a time


@dataclass(frozen=True, slots=True)
class Plan:
    """How two models are compared; `stride` is None where the text fits both contexts."""

    alignment: Alignment
    stride: int | None
    note: str
    texts: tuple[Encoded, Encoded]


def plan(first: Model, second: Model, prompt: TextPrompt | IdsPrompt) -> Plan:
    """What to compare, once the text is in tokens.

    Raises:
        InvalidRequest: there is nothing to compare, or ids are given for different vocabularies.
    """
    differing = first_difference(first, second)
    texts = encode_long(first, prompt), encode_long(second, prompt)
    if any(len(text.ids) < 2 for text in texts):
        raise InvalidRequest("There is no text to compare.", "Give at least two tokens.")
    capacity = min(first.forward.capacity, second.forward.capacity)
    stride = capacity // 2 if max(len(text.ids) for text in texts) > capacity else None
    if differing is None:
        return Plan(Alignment.TOKENS, stride, "", (texts[0], texts[0]))
    if isinstance(prompt, IdsPrompt):
        raise InvalidRequest(
            f"The vocabularies differ at id {differing}, so ids mean different texts.",
            "Give a text instead.",
        )
    note = (
        f"The vocabularies differ at id {differing}, so there is no divergence of distributions:"
        " logprobs are added up between the places where tokens of both end."
    )
    return Plan(Alignment.BYTES, stride, note, texts)


def first_difference(first: Model, second: Model) -> int | None:
    """The lowest id that does not mean the same to both models; None where all do."""
    sizes = first.info.vocabulary_size, second.info.vocabulary_size
    one, other = first.tokenizer, second.tokenizer
    if one is not None and other is not None:
        for id in range(min(sizes)):
            if (one.token_bytes(id), one.name(id)) != (other.token_bytes(id), other.name(id)):
                return id
    return None if sizes[0] == sizes[1] else min(sizes)


class Found(NamedTuple):
    """What `Piece` says of a token."""

    logprob: float | None
    other: float | None
    kl: float | None
    agreeing: bool | None
    parted: Parted | None = None


Measure = Callable[[np.ndarray, np.ndarray, Sequence[int]], list[Found]]
"""From logits of both, float32 [n or more, V], and the tokens [n] behind them, what to say."""


def compare(
    first: Model,
    second: Model,
    asked: Plan,
    on_tokens: OnTokens,
    measure: Measure | None = None,
) -> Iterator[tuple[Piece, ...]]:
    """The pieces of the text, in order; `on_tokens` hears of tokens read and their total.

    `measure` takes the place of a comparison of whole distributions.
    """
    if asked.alignment is Alignment.TOKENS:
        return _by_tokens(first, second, asked, on_tokens, measure or measured)
    return _by_bytes(first, second, asked, on_tokens)


def _by_tokens(
    first: Model, second: Model, asked: Plan, on_tokens: OnTokens, measure: Measure
) -> Iterator[tuple[Piece, ...]]:
    text, read = asked.texts[0], token_bytes(first)
    models = (first,) if second is first else (first, second)
    stream, total = TextStream(), len(text.ids)
    if text.own_start == 0:
        yield (_piece(stream, text.ids[0], read(text.ids[0]), None),)
    capacity = min(first.forward.capacity, second.forward.capacity)
    for window in windows(text, 0, capacity, asked.stride):
        for model in models:
            model.forward.clear()
        for at in range(0, len(window.ids), CHUNK):
            on_tokens(window.offset + at, total)
            chunk = window.ids[at : at + CHUNK]
            rows = [model.forward.run(chunk, every_position=True) for model in models]
            skip, tokens = _spoken_of(window, at, len(chunk))
            found = measure(rows[0][skip:], rows[-1][skip:], tokens)
            pairs = zip(tokens, found, strict=True)
            yield tuple(_piece(stream, id, read(id), numbers) for id, numbers in pairs)
    on_tokens(total, total)


def _spoken_of(window: Window, at: int, count: int) -> tuple[int, list[int]]:
    """Which of a chunk's rows is the first to speak of a token that counts, and these tokens."""
    skip = max(0, max(window.fresh, 1) - at - 1)
    return skip, window.ids[at + 1 + skip : at + 1 + count]


def measured(one: np.ndarray, other: np.ndarray, tokens: Sequence[int]) -> list[Found]:
    """Of each token its logprobs, the divergence, and whether the likeliest ones agree."""
    found: list[Found] = []
    for start in range(0, len(tokens), _ROWS):
        ids = np.array(tokens[start : start + _ROWS], dtype=np.intp)
        part = slice(start, start + len(ids))
        p, q = log_softmax(one[part]), log_softmax(other[part])
        likely = np.exp(p)
        # A token that the first rules out has no share; 0 times minus infinity is no number.
        shares = np.multiply(likely, p - q, out=np.zeros_like(p), where=likely > 0)
        places = np.arange(len(ids))
        columns = (
            p[places, ids],
            q[places, ids],
            np.maximum(0.0, shares.sum(-1)),
            p.argmax(-1) == q.argmax(-1),
        )
        found += map(Found, *(column.tolist() for column in columns))
    return found


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logprobs, float64 [n, V], of logits [n, V]."""
    x = logits.astype(np.float64)
    x -= x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def _piece(stream: TextStream, id: int, data: bytes, found: Found | None) -> Piece:
    _, span = stream.push(data)
    numbers = found or Found(None, None, None, None)
    return Piece(data, span.start, span.end, (id,), (id,), *numbers)


@dataclass(frozen=True, slots=True)
class _Read:
    """A model's own tokens: where each ends in bytes, and its numbers with the likeliest one."""

    ids: list[int]
    ends: list[int]
    numbers: list[Numbers | None]
    data: bytes
    likeliest: list[bytes | None]


def _by_bytes(
    first: Model, second: Model, asked: Plan, on_tokens: OnTokens
) -> Iterator[tuple[Piece, ...]]:
    total = sum(len(text.ids) for text in asked.texts)
    one = _read(first, asked.texts[0], asked.stride, lambda done: on_tokens(done, total))
    before = len(asked.texts[0].ids)
    other = _read(second, asked.texts[1], asked.stride, lambda d: on_tokens(before + d, total))
    on_tokens(total, total)
    if one.data != other.data:
        raise InvalidRequest(
            "The two tokenizers do not give the same text back, so it cannot be aligned."
        )
    yield tuple(_aligned(one, other))


def _read(
    model: Model, text: Encoded, stride: int | None, on_tokens: Callable[[int], None]
) -> _Read:
    ids = text.ids[text.own_start :]
    numbers: list[Numbers | None] = [None] if text.own_start == 0 else []
    for window in windows(text, 0, model.forward.capacity, stride):
        model.forward.clear()
        for at in range(0, len(window.ids), CHUNK):
            on_tokens(window.offset + at)
            chunk = window.ids[at : at + CHUNK]
            logits = model.forward.run(chunk, every_position=True)
            skip, tokens = _spoken_of(window, at, len(chunk))
            numbers += block_numbers(logits[skip:], tokens, 1)
    read = token_bytes(model)
    pieces = [read(id) for id in ids]
    if pieces and not text.text.startswith(" "):
        pieces[0] = pieces[0].removeprefix(b" ")  # sentencepiece puts one before a text
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    tops = [read(each.top[0][0]) if each else None for each in numbers]
    return _Read(ids, ends, numbers, b"".join(pieces), tops)


def _aligned(one: _Read, other: _Read) -> Iterator[Piece]:
    """The bytes between places where tokens of both end."""
    stream, begin, at = TextStream(), 0, [0, 0]
    for end in sorted(set(one.ends) & set(other.ends)):
        parts: list[slice] = []
        for side, read in enumerate((one, other)):
            stop = at[side]
            while stop < len(read.ends) and read.ends[stop] <= end:
                stop += 1
            parts.append(slice(at[side], stop))
            at[side] = stop
        data = one.data[begin:end]
        _, span = stream.push(data)
        tops = one.likeliest[parts[0].start], other.likeliest[parts[1].start]
        yield Piece(
            data,
            span.start,
            span.end,
            tuple(one.ids[parts[0]]),
            tuple(other.ids[parts[1]]),
            _joint(one.numbers[parts[0]]),
            _joint(other.numbers[parts[1]]),
            None,
            None if None in tops else tops[0] == tops[1],
        )
        begin = end


def _joint(numbers: Sequence[Numbers | None]) -> float | None:
    total = 0.0
    for each in numbers:
        if each is None:
            return None
        total += each.logprob
    return total
