"""Muon for the matrices, AdamW for embeddings and norms, and the learning-rate schedule.

Source: Jordan et al. 2024, "Muon"; the update is scaled to AdamW's size as in Liu et al. 2025
(arXiv:2502.16982), so both take one learning rate. Matrices of one shape are updated as a stack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
WARM_UP = 100


class Muon(torch.optim.Optimizer):
    """Momentum whose direction is made orthogonal by Newton-Schulz steps."""

    def __init__(self, matrices: list[nn.Parameter], lr: float, weight_decay: float) -> None:
        shapes: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
        for matrix in matrices:
            shapes[matrix.shape].append(matrix)
        groups = [{"params": same} for same in shapes.values()]
        super().__init__(groups, {"lr": lr, "momentum": 0.95, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every matrix."""
        for group in self.param_groups:
            gradients = torch.stack([matrix.grad for matrix in group["params"]])
            state = self.state[group["params"][0]]
            momentum = state.setdefault("momentum", torch.zeros_like(gradients))
            momentum.lerp_(gradients, 1 - group["momentum"])
            update = orthogonal(gradients.lerp(momentum, group["momentum"]))
            scale = 0.2 * max(update.shape[-2:]) ** 0.5
            for matrix, direction in zip(group["params"], update, strict=True):
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(direction, alpha=-group["lr"] * scale)


def orthogonal(stack: Tensor, steps: int = 5) -> Tensor:
    """Each matrix of float [count, rows, columns] pushed towards its nearest orthogonal one.

    In bfloat16, which the method bears: the direction only has to be nearly orthogonal.
    """
    a, b, c = COEFFICIENTS
    tall = stack.shape[-2] > stack.shape[-1]
    x = stack.mT if tall else stack
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


def make_optimizers(model: nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for what is inside the layers and has two dimensions, AdamW for the rest."""
    named = dict(model.named_parameters())
    matrices = [p for name, p in named.items() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in named.items() if p.ndim != 2 or "embed" in name]
    adamw = torch.optim.AdamW(others, lr=lr, betas=(0.9, 0.95), weight_decay=0.0)
    return [Muon(matrices, lr, weight_decay=0.05), adamw]


def learning_rate(peak: float, step: int, cooldown_left: float) -> float:
    """Warm up over `WARM_UP` steps, stay, and fall linearly during the cooldown at the end.

    `cooldown_left` is the time left over the cooldown's length. A run can go on from the flat part.
    """
    rising = (step + 1) / WARM_UP
    return peak * min(1.0, rising, max(0.02, cooldown_left))
