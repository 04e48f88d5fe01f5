"""Text that a person typed into a number field: a number in, or a sentence why it is none."""

import math
import re

from app.domain.best_of import MOST_SAMPLES
from app.domain.sampling import RANGES
from app.errors import InvalidRequest
from app.ui.viewmodels.sampling import Knob

LONGEST = 1_000_000
MOST_PORT = 65535
MOST_SEED = int(RANGES["seed"][1])
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"[-+]?\d{1,20}", re.ASCII)
EXCERPT = 20


def read_number(text: str, knob: Knob) -> float:
    """A value for a knob; a comma counts as the decimal point.

    Raises:
        InvalidRequest: why the text cannot be used.
    """
    low, high = RANGES[knob.name]
    plain = text.strip().replace("−", "-").replace(",", ".")
    value = float(plain) if NUMBER.fullmatch(plain) else math.nan
    whole = knob.decimals == 0
    if not math.isfinite(value) or (whole and not value.is_integer()):
        raise _no_number(text, whole=whole)
    if not low <= value <= high:
        raise InvalidRequest(f"{knob.label} goes from {low:,g} to {high:,.10g}.")
    return value


def read_count(text: str, label: str, low: int, high: int) -> int | None:
    """A whole number, commas between its digits left out; None where nothing was typed.

    Raises:
        InvalidRequest: why the text cannot be used.
    """
    plain = text.strip().replace("−", "-").replace(",", "")
    if not plain:
        return None
    if not WHOLE.fullmatch(plain):
        raise _no_number(text, whole=True)
    if not low <= int(plain) <= high:
        raise InvalidRequest(f"{label} goes from {low:,} to {high:,}.")
    return int(plain)


def read_seed(text: str) -> int | None:
    """A seed; None draws one. Raises as `read_count`."""
    return read_count(text, "The seed", 0, MOST_SEED)


def read_longest(text: str) -> int | None:
    """The longest answer in tokens; None is without limit. Raises as `read_count`."""
    return read_count(text, "The longest answer", 1, LONGEST)


def read_budget(text: str) -> int | None:
    """The longest thought in tokens; None leaves it to the effort. Raises as `read_count`."""
    return read_count(text, "The longest thought", 0, LONGEST)


def read_best_of(text: str) -> int | None:
    """How many answers are written at once; None is one. Raises as `read_count`."""
    return read_count(text, "The number of answers", 1, MOST_SAMPLES)


def read_length(text: str) -> int | None:
    """A length in characters; None is any. Raises as `read_count`."""
    return read_count(text, "The length", 0, LONGEST)


def read_share(text: str, label: str) -> float:
    """A part of 1; a comma counts as the decimal point.

    Raises:
        InvalidRequest: why the text cannot be used.
    """
    plain = text.strip().replace("−", "-").replace(",", ".")
    if not NUMBER.fullmatch(plain):
        raise _no_number(text, whole=False)
    if not 0 <= float(plain) <= 1:
        raise InvalidRequest(f"{label} goes from 0 to 1.")
    return float(plain)


def read_port(text: str) -> int | None:
    """A port; None takes the usual one. Raises as `read_count`."""
    return read_count(text, "The port", 0, MOST_PORT)


def _no_number(text: str, *, whole: bool) -> InvalidRequest:
    shown = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    return InvalidRequest(f"“{shown}” is no {'whole ' if whole else ''}number.")
