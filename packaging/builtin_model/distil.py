"""Trains the draft to imitate the main model: its whole distribution at every token of a chat.

Source: Hinton et al. 2015 (arXiv:1503.02531), with the Kullback-Leibler divergence as loss. How
often both would write the same token is the acceptance rate that speculation will see.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from .batches import Batch
from .model import Decoder, ModelConfig
from .train import Forward, TrainingPlan, fast, train


def distil(plan: TrainingPlan, teacher: Path) -> None:
    """Runs the plan with the teacher's distributions as targets."""
    content = torch.load(teacher, weights_only=True)
    main = Decoder(ModelConfig(**content["config"])).eval()
    main.load_state_dict(content["model"])
    teach = fast(main)
    train(plan, lambda draft, batch: divergence(teach, draft, batch))


def divergence(main: Forward, draft: Forward, batch: Batch) -> Tensor:
    """KL(main || draft) in nats at every target: float [rows, length]."""
    with torch.no_grad():
        wanted = main(batch.ids[:, :-1]).log_softmax(-1)
    found = draft(batch.ids[:, :-1]).log_softmax(-1)
    return (wanted.exp() * (wanted - found)).sum(-1)
