"""How much a model shall think before it answers: what a person chooses, and what that means for a
model."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from app.domain.best_of import MOST_SAMPLES
from app.domain.models import ModelInfo
from app.domain.requests import CLOSING, ThoughtLimit, Variables
from app.errors import InvalidRequest


class Effort(StrEnum):
    """How much to think; each but `OFF` has a number of tokens in `EFFORT_TOKENS`."""

    OFF = "off"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


OWN_SHARES = {Effort.LOW: 8, Effort.MEDIUM: 4, Effort.HIGH: 2}
"""A thought that an effort allows takes at most one part in so many of the context."""

EFFORT_TOKENS = {Effort.LOW: 512, Effort.MEDIUM: 2048, Effort.HIGH: 8192}
"""The longest thought of each effort, for models whose template has no such effort itself."""


class PastThoughts(StrEnum):
    """What becomes of earlier thoughts in a conversation."""

    TEMPLATE = "template"
    DROP = "drop"
    KEEP = "keep"


class ReasoningChoice(Struct, frozen=True, kw_only=True):
    """What a person chose for all answers: a `budget` in tokens goes before that of the effort, and
    `best_of` answers are written at once. With `auto` a question is answered without reasoning
    first, and with as much as `effort` says where that was unsure.
    """

    effort: Effort = Effort.MEDIUM
    budget: Annotated[int, Meta(ge=0)] | None = None
    closing: Annotated[str, Meta(max_length=500)] = CLOSING
    past: PastThoughts = PastThoughts.TEMPLATE
    best_of: Annotated[int, Meta(ge=1, le=MOST_SAMPLES)] = 1
    auto: bool = False


class Asked(Struct, frozen=True):
    """What a chat prompt and its request need for a choice of effort."""

    reasoning: bool | None
    variables: Variables
    limit: ThoughtLimit


def asked(
    model: ModelInfo,
    effort: Effort | None,
    budget: int | None = None,
    closing: str | None = None,
) -> Asked:
    """What `effort` means for `model`; None leaves its template's own default.

    The template's switch and its own levels of effort are used where it has them; elsewhere an
    effort is a number of tokens, and off is none. A `budget` in tokens goes before that number.

    Raises:
        InvalidRequest: the model does not reason, or the budget is negative.
    """
    if budget is not None and budget < 0:
        raise InvalidRequest(f"The reasoning budget must be at least 0 tokens, not {budget}.")
    if not model.reasons and (effort not in (None, Effort.OFF) or budget):
        raise InvalidRequest(
            "This model does not reason before it answers.", "Leave the reasoning setting out."
        )
    switch = None if effort is None or model.reasoning_switch is None else effort is not Effort.OFF
    variables = _variables(model, effort)
    tokens = _tokens(model, effort, variables) if budget is None else budget
    limit = ThoughtLimit(tokens) if closing is None else ThoughtLimit(tokens, closing)
    return Asked(switch, variables, limit)


def keeps_by(model: ModelInfo) -> Variables:
    """The template's variable that keeps earlier thoughts; empty where it has none."""
    name = model.history_switch
    return {} if name is None else {name: not name.startswith(("clear", "drop", "strip", "trunc"))}


def _variables(model: ModelInfo, effort: Effort | None) -> Variables:
    known = effort is not None and effort.value in model.effort_levels
    name = model.effort_switch
    return {name: effort.value} if known and name is not None and effort is not None else {}


def _tokens(model: ModelInfo, effort: Effort | None, variables: Variables) -> int | None:
    if effort is None or variables:
        return None
    if effort is Effort.OFF:
        return None if model.reasoning_switch or not model.reasons else 0
    return min(EFFORT_TOKENS[effort], model.context_length // OWN_SHARES[effort])
