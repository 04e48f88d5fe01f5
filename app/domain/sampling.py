"""How the next token is picked: every parameter, its range and its neutral value."""

import math
from enum import StrEnum

from msgspec import Struct

from app.errors import InvalidRequest

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 5.0),
    "top_k": (0, 1_000_000),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "typical_p": (0.0, 1.0),
    "xtc_probability": (0.0, 1.0),
    "xtc_threshold": (0.0, 1.0),
    "repetition_penalty": (0.1, 10.0),
    "frequency_penalty": (-10.0, 10.0),
    "presence_penalty": (-10.0, 10.0),
    "dry_multiplier": (0.0, 100.0),
    "dry_base": (1.0, 10.0),
    "dry_allowed_length": (1, 1000),
    "dry_range": (0, 1_000_000),
    "seed": (0, 2**63 - 1),
}


class SamplerStage(StrEnum):
    """A step from the model's distribution to the one that is drawn from, in the usual order."""

    PENALTIES = "penalties"
    DRY = "dry"
    BIAS = "bias"
    TEMPERATURE = "temperature"
    TOP_K = "top_k"
    TOP_P = "top_p"
    MIN_P = "min_p"
    TYPICAL_P = "typical_p"
    XTC = "xtc"


class SamplingParams(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of one request; the defaults change nothing.

    They apply in `order`, which names every stage once. `temperature` 0 picks the likeliest token
    that is left when its turn comes and ignores what comes after it; `top_k`, `min_p`,
    `xtc_probability` and `dry_multiplier` 0 are off. DRY looks at the last `dry_range` tokens (0
    is all) and never reaches over a token that holds one of `dry_sequence_breakers`. A request
    without a seed draws one, which its result reports.

    Raises:
        InvalidRequest: a value is not a finite number inside its range, or the order is none.
    """

    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_range: int = 0
    dry_sequence_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    logit_bias: dict[int, float] = {}
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    order: tuple[SamplerStage, ...] = tuple(SamplerStage)

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidRequest(f"{name} must lie between {low:g} and {high:g}, not {value}.")
        if not all(math.isfinite(bias) for bias in self.logit_bias.values()):
            raise InvalidRequest("Every logit bias must be a finite number.")
        if not all(self.dry_sequence_breakers):
            raise InvalidRequest("dry_sequence_breakers must not hold an empty text.")
        if sorted(self.order) != sorted(SamplerStage):
            raise InvalidRequest(f"order must name each of {', '.join(SamplerStage)} once.")
