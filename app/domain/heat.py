"""What the tokens of an answer can be coloured by."""

from enum import StrEnum


class HeatMode(StrEnum):
    """A number of each token's record, or nothing."""

    NOTHING = "Nothing"
    PROBABILITY = "Probability"
    SURPRISE = "Surprise"
    ENTROPY = "Entropy"
    RANK = "Rank"
