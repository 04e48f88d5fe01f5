"""Trains a model for a given time: checkpointed, resumable, seeded.

A checkpoint holds weights, optimizers, progress and the seed of the next data; it is written to
a temporary file and renamed, so that an interrupted run can always go on.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .batches import WIDTHS, Batch, batches
from .model import SIZES, Decoder
from .optimizer import learning_rate, make_optimizers

SAVE_EVERY = 60.0
LOG_EVERY = 50


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """`minutes` is the wall time of all parts of a run, its last `cooldown_minutes` with a
    falling learning rate; `warm_start` goes on from another run's weights.
    """

    folder: Path
    tokenizer: Path
    minutes: float
    size: str = "main"
    seed: int = 1
    peak: float = 2.5e-3
    batch_tokens: int = 6144
    cooldown_minutes: float = 20.0
    warm_start: Path | None = None
    resume: bool = False


@dataclass(slots=True)
class Progress:
    """What has been done so far, over all parts of a run."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    losses: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))


Forward = Callable[[Tensor], Tensor]
TokenLosses = Callable[[Forward, Batch], Tensor]


def train(plan: TrainingPlan, token_losses: TokenLosses | None = None) -> None:
    """Runs the plan to its end and leaves `last.pt` and `log.jsonl` in its folder.

    `token_losses` gives the loss of every target, float [rows, length]; cross entropy if None.
    """
    torch.manual_seed(plan.seed)
    plan.folder.mkdir(parents=True, exist_ok=True)
    model = Decoder(SIZES[plan.size])
    optimizers = make_optimizers(model, plan.peak)
    progress = _restore(plan, model, optimizers)
    tokenizer = Tokenizer.from_file(str(plan.tokenizer))
    forward = fast(model)
    data = batches(tokenizer, f"{plan.size} {plan.seed} {progress.step}", plan.batch_tokens)
    saved = started = time.monotonic()
    while progress.seconds < 60 * plan.minutes:
        batch = next(data)
        losses = (token_losses or cross_entropy)(forward, batch)
        _step(plan, model, optimizers, losses, batch, progress)
        now = time.monotonic()
        progress.seconds += now - started
        started = now
        if progress.step % LOG_EVERY == 0:
            _log(plan, progress)
        if now - saved > SAVE_EVERY:
            _save(plan, model, optimizers, progress)
            saved = now
    _save(plan, model, optimizers, progress)
    _log(plan, progress)


def fast(model: Decoder) -> Forward:
    """The model compiled, with matrix products in bfloat16. In: ids. Out: float32 logits."""
    torch._dynamo.config.recompile_limit = 2 * len(WIDTHS)
    compiled = torch.compile(model, dynamic=False)

    def forward(ids: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return compiled(ids).float()

    return forward


def cross_entropy(forward: Forward, batch: Batch) -> Tensor:
    """Minus the logprob (nats) of every target."""
    logits = forward(batch.ids[:, :-1])
    losses = functional.cross_entropy(
        logits.flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none"
    )
    return losses.view_as(batch.weights)


def family_losses(losses: Tensor, batch: Batch, sums: dict[str, list[float]]) -> None:
    """Adds the mean loss on answers, in nats, of every row to its family's sum and count."""
    answers = (batch.weights == 1).float()
    means = (losses * answers).sum(1) / answers.sum(1)
    for family, mean in zip(batch.families, means.tolist(), strict=True):
        sums[family][0] += mean
        sums[family][1] += 1


def _step(
    plan: TrainingPlan,
    model: Decoder,
    optimizers: list[Any],
    losses: Tensor,
    batch: Batch,
    progress: Progress,
) -> None:
    left = (plan.minutes - progress.seconds / 60) / plan.cooldown_minutes
    rate = learning_rate(plan.peak, progress.step, left)
    loss = (losses * batch.weights).sum() / batch.weights.sum()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    family_losses(losses.detach(), batch, progress.losses)
    progress.step += 1
    progress.tokens += int((batch.weights > 0).sum())


def _log(plan: TrainingPlan, progress: Progress) -> None:
    means = {
        name: round(total / count, 4) for name, (total, count) in sorted(progress.losses.items())
    }
    line = {
        "step": progress.step,
        "tokens": progress.tokens,
        "tokens_per_s": round(progress.tokens / progress.seconds),
        "minutes": round(progress.seconds / 60, 1),
        "minutes_left": round(plan.minutes - progress.seconds / 60, 1),
        "loss": means,
    }
    progress.losses.clear()
    with (plan.folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _save(plan: TrainingPlan, model: Decoder, optimizers: list[Any], progress: Progress) -> None:
    content = {
        "size": plan.size,
        "config": asdict(model.config),
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "progress": (progress.step, progress.tokens, progress.seconds),
    }
    unfinished = plan.folder / "last.pt.part"
    torch.save(content, unfinished)
    unfinished.replace(plan.folder / "last.pt")


def _restore(plan: TrainingPlan, model: Decoder, optimizers: list[Any]) -> Progress:
    own = plan.folder / "last.pt"
    if plan.resume and own.exists():
        content = torch.load(own, weights_only=True)
        model.load_state_dict(content["model"])
        for optimizer, state in zip(optimizers, content["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        return Progress(*content["progress"])
    if plan.warm_start is not None:
        model.load_state_dict(torch.load(plan.warm_start, weights_only=True)["model"])
    return Progress()
