"""How likely each of several labels is as the answer to a prompt, whole and exact.

The prompt is read once; each label is then read behind it from the cache.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import numpy as np

from app.domain.classification import LabelScore, check_labels
from app.domain.events import Classified
from app.domain.requests import ChatPrompt, Classify
from app.engine.forward import CHUNK, Forward
from app.engine.model import Model
from app.engine.prompt import check_length, encode
from app.engine.sampling.statistics import Distribution
from app.errors import InvalidRequest


def classify(
    model: Model, request: Classify, *, cancelled: Callable[[], bool]
) -> Classified | None:
    """The scores of all labels, or None once it is `cancelled`.

    In a chat the end of the answer counts as part of a label, so that one label may begin another.

    Raises:
        InvalidRequest: labels are empty, equal, or one begins another where no end can count.
        ContextExceeded: the prompt with the longest label does not fit the context.
    """
    labels = check_labels(request.labels)
    ends = sorted(model.eos_ids) if isinstance(request.prompt, ChatPrompt) else []
    tokens = [_encode(model, label) for label in labels]
    if not ends:
        _refuse_beginnings(labels, tokens)
    prompt = encode(model, request.prompt, spare=0).ids
    check_length(len(prompt) + max(map(len, tokens)), 0, model.forward.capacity)
    found = _read(model.forward, prompt, tokens, ends, cancelled)
    if found is None:
        return None
    triples = zip(labels, tokens, found, strict=True)
    return Classified(tuple(LabelScore(label, tuple(ids), each) for label, ids, each in triples))


def _encode(model: Model, label: str) -> list[int]:
    if model.tokenizer is None:
        raise InvalidRequest("This model folder has no tokenizer, so it knows no labels.")
    ids = model.tokenizer.encode(label, add_special=False, limit=model.forward.capacity)
    if not ids:
        raise InvalidRequest(f'The label "{label}" has no tokens.')
    return ids


def _refuse_beginnings(labels: Sequence[str], tokens: Sequence[list[int]]) -> None:
    for one, ids in zip(labels, tokens, strict=True):
        for other, longer in zip(labels, tokens, strict=True):
            if one != other and longer[: len(ids)] == ids:
                raise InvalidRequest(
                    f'The label "{one}" begins the label "{other}", and without a chat template'
                    " no end tells them apart.",
                    "Choose labels of which none begins another.",
                )


def _read(
    forward: Forward,
    prompt: list[int],
    labels: Sequence[list[int]],
    ends: Sequence[int],
    cancelled: Callable[[], bool],
) -> list[tuple[float, ...]] | None:
    """The logprobs of every label's tokens and, with `ends`, of an end behind it."""
    slot = forward.slots.nearest(prompt)
    kept = forward.slots[slot].taken or forward.goes_on(prompt, slot=slot)
    found: list[tuple[float, ...]] = []
    first: np.ndarray | None = None
    with forward.detour(prompt, slot=slot) if kept else nullcontext():
        for ids in labels:
            # One id more than the prompt lets all of the prompt stay, none of another label.
            done = forward.reuse(prompt if first is None else [*prompt, ids[0]], slot=slot)
            while done < len(prompt):
                if cancelled():
                    return None
                chunk = prompt[done : done + CHUNK]
                first = forward.run(chunk, slot=slot)[-1].copy()
                done += len(chunk)
            rest = ids if ends else ids[:-1]
            rows = forward.run(rest, slot=slot, every_position=True) if rest else ()
            found.append(_logprobs([row for row in (first, *rows) if row is not None], ids, ends))
    return found


def _logprobs(
    rows: Sequence[np.ndarray], ids: Sequence[int], ends: Sequence[int]
) -> tuple[float, ...]:
    measured = [Distribution.of(row) for row in rows]
    own = [row.logprob(id) for row, id in zip(measured, ids, strict=False)]
    if ends:
        last = np.array([measured[-1].logprob(end) for end in ends])
        own.append(min(0.0, float(np.logaddexp.reduce(last))))
    return tuple(own)
