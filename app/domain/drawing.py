"""With what a token of an answer was drawn, or why nothing was drawn for it."""

from msgspec import Struct

from app.domain.conversation import Turn
from app.domain.sampling import SamplingParams
from app.domain.tokens import Source

GIVEN = "This token was given, so nothing was drawn."
SHARED = "This token came with the version that this one left, so it was not drawn here."
UNKNOWN = "What made this answer is not known, nor the seed of its draws."
NOT_YET = "The seed of the draws is known once the answer has ended."
GREEDY = "The likeliest token was taken each time, so nothing was drawn."


class Drawing(Struct, frozen=True):
    """The `sampling` of the draw with its seed, or None and the `reason` in a sentence."""

    sampling: SamplingParams | None
    reason: str = ""


def drawing(turn: Turn, index: int) -> Drawing:
    """How token `index` of an answer was drawn."""
    origin = turn.origin
    if turn.tokens[index].source is Source.FORCED:
        return Drawing(None, GIVEN)
    if origin is None:
        return Drawing(None, UNKNOWN)
    if index < origin.given:
        return Drawing(None, SHARED)
    if origin.sampling.seed is not None:
        return Drawing(origin.sampling)
    return Drawing(None, NOT_YET if turn.usage is None else GREEDY)
