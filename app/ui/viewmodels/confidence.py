"""How sure the model was of an answer, measured in several ways, and what none of them says.

Pure functions of token records; raw probabilities (temperature 1) of the answer's own tokens.
"""

import math
from collections.abc import Sequence

from app.domain.tokens import Channel, Source, TokenRecord
from app.ui.viewmodels import wording

CAVEAT = (
    "All of these say how sure the model was of its words, not whether they are true: a model can"
    " be sure and wrong, and unsure only of how to put it."
)
MEANINGS = {
    "Mean probability": "The geometric mean of the tokens' probabilities. It does not fall with"
    " length, and hides a single unsure token in a long answer.",
    "Least likely token": "The smallest probability of any token. It finds the one weak place,"
    " which may be a matter of taste.",
    "Whole answer": "The probability of exactly these tokens, as a power of ten. Falls with every"
    " token, so it compares only answers of the same length.",
    "Mean entropy": "How open the choice was on average, whatever was picked then.",
    "First choice": "The share of tokens that were the likeliest ones. Sampling alone lowers it.",
}


def measures(tokens: Sequence[TokenRecord]) -> list[tuple[str, str]]:
    """The measures by their names; empty where no token was the model's own choice."""
    own = [
        token
        for token in tokens
        if token.channel is Channel.ANSWER
        and token.logprob is not None
        and token.source is not Source.FORCED
    ]
    logprobs = [token.logprob for token in own if token.logprob is not None]
    if not logprobs:
        return []
    total = math.fsum(logprobs)
    entropy = math.fsum(token.entropy or 0.0 for token in own) / len(own)
    power = f"10 to the {total / math.log(10):z.1f}".replace("-", "−")
    return [
        ("Mean probability", wording.probability(math.exp(total / len(logprobs)))),
        ("Least likely token", wording.probability(math.exp(min(logprobs)))),
        ("Whole answer", power if math.isfinite(total) else "0"),
        ("Mean entropy", wording.bits(entropy)),
        ("First choice", f"{sum(token.rank == 1 for token in own) / len(own):.0%}"),
    ]
