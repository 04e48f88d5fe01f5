"""How the next token is picked: every parameter, its range and its neutral value."""

import math

from msgspec import Struct

from app.errors import InvalidRequest

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 5.0),
    "top_k": (0, 1_000_000),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "typical_p": (0.0, 1.0),
    "repetition_penalty": (0.1, 10.0),
    "frequency_penalty": (-10.0, 10.0),
    "presence_penalty": (-10.0, 10.0),
    "seed": (0, 2**63 - 1),
}


class SamplingParams(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of one request; the defaults change nothing.

    They apply in the order of the fields from `repetition_penalty` on. `temperature` 0 picks the
    likeliest token and ignores what comes after it; `top_k` 0 and `min_p` 0 are off. A request
    without a seed draws one, which its result reports.

    Raises:
        InvalidRequest: a value is not a finite number inside its range.
    """

    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: dict[int, float] = {}
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidRequest(f"{name} must lie between {low:g} and {high:g}, not {value}.")
        if not all(math.isfinite(bias) for bias in self.logit_bias.values()):
            raise InvalidRequest("Every logit bias must be a finite number.")
