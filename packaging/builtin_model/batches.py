"""Training batches: chats of about the same length side by side, each token with its weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .corpus.mixture import draw
from .corpus.source import Source
from .render import split_text

# Batches have few shapes, since the compiled model is compiled once for each.
WIDTHS = (64, 96, 128, 192, 256, 384, 512, 1024)
POOL = 3000
PROMPT_WEIGHT = 0.1
HEADER = "<|im_start|>assistant\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """ids: int64 [rows, width + 1]; weights: float [rows, width], one for each target."""

    ids: Tensor
    weights: Tensor
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    family: str
    ids: list[int]
    weights: list[float]


def batches(
    tokenizer: Tokenizer, seed: str, tokens: int, family: str | None = None
) -> Iterator[Batch]:
    """Batches of this many tokens, padding included, without end."""
    source = Source(seed)
    waiting: dict[int, list[_Row]] = {width: [] for width in WIDTHS}
    while True:
        for row in _pool(tokenizer, source, family):
            width = next(width for width in WIDTHS if len(row.ids) <= width + 1)
            waiting[width].append(row)
        full = list(_full_batches(waiting, tokens))
        source.random.shuffle(full)
        yield from full


def _pool(tokenizer: Tokenizer, source: Source, family: str | None) -> list[_Row]:
    chats = [draw(source, family) for _ in range(POOL)]
    texts = [split_text(chat) for chat in chats]
    prompts = tokenizer.encode_batch([prompt for prompt, _ in texts], add_special_tokens=False)
    answers = tokenizer.encode_batch([answer for _, answer in texts], add_special_tokens=False)
    header = tokenizer.encode(HEADER, add_special_tokens=False).ids
    rows = [
        _Row(
            chat.family,
            prompt.ids + answer.ids,
            _prompt_weights(prompt.ids, header) + [1.0] * len(answer.ids),
        )
        for chat, prompt, answer in zip(chats, prompts, answers, strict=True)
    ]
    return [row for row in rows if len(row.ids) <= WIDTHS[-1] + 1]


def _prompt_weights(ids: list[int], header: list[int]) -> list[float]:
    """Prompts count a little. What follows an assistant's header in them does not.

    Earlier answers stand there without their traces, and the model must not learn to skip its own.
    """
    weights = [PROMPT_WEIGHT] * len(ids)
    for start in range(len(ids) - len(header) + 1):
        if ids[start : start + len(header)] == header:
            after = start + len(header)
            weights[after : after + 4] = [0.0] * len(weights[after : after + 4])
    return weights


def _full_batches(waiting: dict[int, list[_Row]], tokens: int) -> Iterator[Batch]:
    """Takes every full batch out of what waits."""
    for width, rows in waiting.items():
        count = max(1, tokens // width)
        while len(rows) >= count:
            yield _batch(rows[:count], width)
            del rows[:count]


def _batch(rows: list[_Row], width: int) -> Batch:
    ids = torch.zeros(len(rows), width + 1, dtype=torch.int64)
    weights = torch.zeros(len(rows), width)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        weights[index, : len(row.ids) - 1] = torch.tensor(row.weights[1:])
    return Batch(ids, weights, tuple(row.family for row in rows))
