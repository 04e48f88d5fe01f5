"""What a model might go on with: the likeliest ways from one place, each with its probability."""

import math

from msgspec import Struct

from app.domain.tokens import TokenRecord


class Continuation(Struct, frozen=True):
    """Tokens that follow a place, the first of them chosen, the others the likeliest each time."""

    tokens: tuple[TokenRecord, ...]

    @property
    def logprob(self) -> float:
        """Joint log of the probability of all its tokens, in nats."""
        return math.fsum(token.logprob or 0.0 for token in self.tokens)

    @property
    def text(self) -> str:
        """What they say."""
        data = b"".join(token.data for token in self.tokens)
        return data.decode("utf-8", errors="replace")
