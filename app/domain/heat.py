"""How the tokens of an answer are shown: what colours them, and what else tells of it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class HeatMode(StrEnum):
    """A number of each token's record, or nothing."""

    NOTHING = "Nothing"
    PROBABILITY = "Probability"
    SURPRISE = "Surprise"
    ENTROPY = "Entropy"
    RANK = "Rank"
    BAND = "Band"
    DRAFT = "Draft"


class Palette(StrEnum):
    """The hot end of the ramp; each differs from its calm end in lightness, to every eye."""

    ORANGE = "orange"
    VIOLET = "violet"
    GREY = "grey"


class Face(StrEnum):
    """In which form an answer is read while its tokens are coloured."""

    RENDERED = "Rendered"
    TOKENS = "Text as it was written"
    RAW = "Raw tokens"


class Reading(Struct, frozen=True, kw_only=True):
    """What goes with the colours.

    `numbers` stand below the tokens. Only tokens over the threshold number `over` are marked, 0
    for every one. `by_sentence` marks each sentence by the mean of its tokens.
    """

    numbers: bool = False
    over: Annotated[int, Meta(ge=0, le=3)] = 0
    by_sentence: bool = False
    face: Face = Face.TOKENS
