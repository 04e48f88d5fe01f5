"""The distribution that a token is drawn from: what the sampling transforms leave of the model's.

In: weights of the tokens that are left. Out: a draw, and exact numbers of any token.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.engine.sampling.draw import draw, interval, running_sums
from app.engine.sampling.statistics import likeliest


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """`weights`, float32 [n], are as the probabilities of `ids` (rising), None for all tokens."""

    weights: np.ndarray
    ids: np.ndarray | None

    def draw(self, number: float) -> tuple[int, float]:
        """The token at `number`, in [0, 1), of the cumulative distribution, and its logprob."""
        index, logprob = draw(self.weights, number)
        return self._token(index), logprob

    def interval(self, token: int) -> tuple[float, float]:
        """The numbers from, and up to, which a token that is left is drawn.

        Raises:
            KeyError: it is cut.
        """
        index = self._index(token)
        if index is None:
            raise KeyError(token)
        return interval(self.weights, index)

    def logprob(self, token: int) -> float | None:
        """Log of the token's probability in nats; None where it is cut."""
        index = self._index(token)
        if index is None or not self.weights[index]:
            return None
        return min(0.0, math.log(self.weights[index] / running_sums(self.weights)[-1]))

    def likeliest(self, count: int) -> tuple[int, ...]:
        """The `count` likeliest tokens that are left, likeliest first, the lower id on ties."""
        found = likeliest(self.weights, count)
        return tuple(self._token(int(index)) for index in found if self.weights[index])

    def least_likely(self) -> int:
        """The token that is left with the least probability, the lower id on ties."""
        weights = np.where(self.weights > 0, self.weights, np.inf)
        return self._token(int(weights.argmin()))

    def outside(self, part: "Sampled") -> float:
        """The probability of what is not left in `part`, which has tokens of this one only."""
        if part.ids is None:
            return 0.0
        places = part.ids if self.ids is None else np.searchsorted(self.ids, part.ids)
        lost = np.ones(self.weights.size, dtype=bool)
        lost[places] = False
        lost_mass = self.weights[lost].sum(dtype=np.float64)
        return float(lost_mass / self.weights.sum(dtype=np.float64))

    @property
    def kept(self) -> int:
        """How many tokens can be drawn."""
        return int(np.count_nonzero(self.weights))

    @property
    def entropy(self) -> float:
        """In bits."""
        held = self.weights[self.weights > 0].astype(np.float64)
        shares = held / held.sum()
        return max(0.0, -float((shares * np.log2(shares)).sum()))

    def _token(self, index: int) -> int:
        return index if self.ids is None else int(self.ids[index])

    def _index(self, token: int) -> int | None:
        if self.ids is None:
            return token
        index = int(np.searchsorted(self.ids, token))
        return index if index < self.ids.size and self.ids[index] == token else None
