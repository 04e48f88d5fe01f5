"""How many tokens to propose next: what acceptance and costs, both measured, say pays most.

A plain step is timed now and then, so that the gain is measured and not guessed. Where drafts are
slower than plain steps they rest, longer each time, and are tried again.
"""

from collections import deque
from typing import Protocol

from app.engine.speculation.costs import Costs

WARM_UP = 3  # plain steps, the first of which is not timed
_PLAIN_EVERY = 24  # rounds
_WINDOW = 16  # rounds that say whether drafts pay
_TRIAL = 5  # rounds before that is asked
_DISTURBED = 3.0  # times what a round should take at most; more is not the draft's doing
_FIRST_REST, _LONGEST_REST = 32, 512  # tokens
_MEMORY = 0.9  # of what was seen of acceptance, after each round
_EXPECTED = (2.0, 3.0)  # kept and tried, before anything is seen
_DOUBTED = (0.5, 1.0)  # the same after a rest
_DEAR = 0.5  # of a plain step, more than a token of a draft is thought to cost
_SURE = 0.9  # likely enough for any draft


class Pace(Protocol):
    """Says how many tokens to propose, and hears what came of it."""

    @property
    def resting(self) -> bool:
        """Whether drafts are off for now because they were slower."""
        ...

    def length(self) -> int:
        """How many tokens to propose now; 0 for a plain step."""
        ...

    def floor(self) -> float:
        """The probability of being kept under which a proposal costs more than it brings."""
        ...

    def add(self, asked: int, proposed: int, kept: int, seconds: float) -> None:
        """A round that was asked for, and gave, so many proposals took so long."""
        ...


class FixedPace:
    """The same length always, after the plain steps that a comparison needs."""

    resting = False

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._rounds = 0

    def length(self) -> int:
        """The fixed one."""
        return self._tokens if self._rounds >= WARM_UP else 0

    def floor(self) -> float:
        """Nothing is too unlikely."""
        return 0.0

    def add(self, asked: int, proposed: int, kept: int, seconds: float) -> None:
        """Only counted."""
        self._rounds += 1


class AdaptivePace:
    """A length of at most `most` tokens that pays most, or none at all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._costs = Costs()
        self._rounds = 0
        self._kept, self._tried = _EXPECTED
        self._window: deque[tuple[int, float]] = deque(maxlen=_WINDOW)
        self._rest = 0
        self._next_rest = _FIRST_REST
        self._best = 1

    @property
    def resting(self) -> bool:
        """Whether drafts were slower the last time they were tried."""
        return self._rest > 0 or self._next_rest > _FIRST_REST

    def length(self) -> int:
        """The one that gives the most tokens a second."""
        if self._rest > 0 or self._rounds < WARM_UP or self._rounds % _PLAIN_EVERY == 0:
            return 0
        self._best = max(range(1, self._most + 1), key=self._rate)
        return self._best

    def floor(self) -> float:
        """What the last proposal costs, over what a token takes."""
        more = self._costs.of(self._best) - self._costs.of(self._best - 1)
        return min(_SURE, max(0.0, more * self._rate(self._best)))

    def add(self, asked: int, proposed: int, kept: int, seconds: float) -> None:
        """Learn from it; the very first step, which warms up, says nothing."""
        self._rounds += 1
        if self._rounds == 1:
            return
        if proposed or not asked:
            self._costs.add(proposed, seconds)
        if proposed:
            self._kept = _MEMORY * self._kept + kept
            self._tried = _MEMORY * self._tried + min(kept + 1, proposed)
        if asked:
            usual = self._costs.of(0) * (1 + _DEAR * proposed)
            self._window.append((kept + 1, min(seconds, _DISTURBED * usual)))
            self._judge()
        elif self._rest:
            self._wait()

    def _rate(self, length: int) -> float:
        """Tokens a second that drafts of this length give, as far as can be told."""
        kept = self._kept / self._tried
        tokens = sum(kept**place for place in range(length + 1))
        return tokens / self._costs.of(length)

    def _judge(self) -> None:
        if len(self._window) < _TRIAL:
            return
        tokens = sum(count for count, _ in self._window)
        seconds = sum(time for _, time in self._window)
        if tokens * self._costs.of(0) < seconds:
            self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, _LONGEST_REST)
            self._window.clear()
        elif len(self._window) == _WINDOW:
            self._next_rest = _FIRST_REST

    def _wait(self) -> None:
        self._rest -= 1
        if self._rest == 0:
            self._kept, self._tried = _DOUBTED
