"""The heat of many tokens as a few steps each, for a map of a whole conversation.

In: token records and a mode. Out: the hottest step of every `CHUNK` tokens, worked out in slices so
that no window waits for a hundred thousand of them.
"""

from collections.abc import Sequence

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.viewmodels.heat import heat_step

CHUNK = 16


class HeatProfile:
    """One turn's; `tokens` may be a list that grows."""

    def __init__(self, tokens: Sequence[TokenRecord], mode: HeatMode) -> None:
        self.tokens = tokens
        self.steps: list[int] = []
        self._mode = mode
        self._done = 0

    @property
    def complete(self) -> bool:
        """Whether every token is taken in."""
        return self._done == len(self.tokens)

    def work(self, most: int) -> int:
        """Take in at most so many more tokens; return how many that were."""
        begin, end = self._done, min(self._done + most, len(self.tokens))
        for index in range(begin, end):
            step = heat_step(self._mode, self.tokens[index : index + 1])
            place = index // CHUNK
            if place == len(self.steps):
                self.steps.append(step)
            elif step > self.steps[place]:
                self.steps[place] = step
        self._done = end
        return end - begin

    def hottest(self, low: float, high: float) -> int:
        """The hottest step between two shares, 0 to 1, of the turn; 0 where nothing is known."""
        size = -(-len(self.tokens) // CHUNK)
        first = int(low * size)
        return max(self.steps[first : max(int(high * size), first + 1)], default=0)
