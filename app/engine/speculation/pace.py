"""How many tokens to propose next: what acceptance and costs, both measured, say pays most.

A plain step is timed now and then, so that the gain is measured and not guessed. Where drafts are
slower than plain steps they rest, longer each time, and are tried again.
"""

from collections import deque
from typing import Protocol

from app.engine.speculation.costs import Costs

WARM_UP = 2  # plain steps, where none was timed before
_PLAIN_EVERY = 48  # rounds
_WINDOW = 16  # rounds that say whether drafts pay
_TRIAL = 5  # rounds before that is asked
_DISTURBED = 3.0  # times what a round should take at most; more is not the draft's doing
_FIRST_REST, _LONGEST_REST = 32, 512  # tokens
_MEMORY = 0.9  # of what was seen of acceptance, after each round
_EXPECTED = (2.0, 3.0)  # kept and tried, before anything is seen
_DOUBTED = (0.2, 1.0)  # the same after a rest: one draft that is not kept ends the trial
_DEAR = 0.5  # of a plain step, more than a token of a draft is thought to cost
_CERTAIN = 0.9999
_SURE = 0.9  # likely enough for any draft


class Pace(Protocol):
    """Says how many tokens to propose, and hears what came of it."""

    @property
    def resting(self) -> bool:
        """Whether drafts are off for now because they were slower."""
        ...

    @property
    def plain(self) -> float | None:
        """Seconds of a plain step, from this answer or one before; None where it has none."""
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
    plain = None

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


class Experience:
    """What is known of drafts from one source: costs, and how many of those `tried` were `kept`.

    It may outlive an answer, so that the next one need not find out again.
    """

    def __init__(self, costs: Costs | None = None) -> None:
        self.costs = costs or Costs()
        self.kept, self.tried = _EXPECTED

    def saw(self, proposed: int, kept: int) -> None:
        """So many of those proposed at once were kept."""
        self.kept = _MEMORY * self.kept + kept
        self.tried = _MEMORY * self.tried + min(kept + 1, proposed)

    def doubt(self) -> None:
        """Expect little and soon believe otherwise."""
        self.kept, self.tried = _DOUBTED

    def best(self, most: int) -> int:
        """The length from 1 to `most` that gives the most tokens a second."""
        return max(range(1, most + 1), key=self.rate)

    def rate(self, length: int) -> float:
        """Tokens a second that drafts of this length give, as far as can be told."""
        kept = min(_CERTAIN, self.kept / self.tried)
        return (1 - kept ** (length + 1)) / (1 - kept) / self.costs.of(length)


class AdaptivePace:
    """A length of at most `most` tokens that pays most, or none at all."""

    def __init__(self, most: int, experience: Experience | None = None) -> None:
        self._most = most
        self._known = experience or Experience()
        self._rounds = 0
        self._window: deque[tuple[int, float]] = deque(maxlen=_WINDOW)
        self._rest = 0
        self._next_rest = _FIRST_REST
        self._plain_left = WARM_UP if self.plain is None else 0
        self._best = 1
        if self.plain is not None and self._hopeless():
            self._stop()

    @property
    def resting(self) -> bool:
        """Whether drafts were slower the last time they were tried."""
        return self._rest > 0 or self._next_rest > _FIRST_REST

    @property
    def plain(self) -> float | None:
        """Seconds of a plain step, in this answer or one before."""
        return self._known.costs.plain

    def length(self) -> int:
        """The one that gives the most tokens a second."""
        due = self._rounds % _PLAIN_EVERY == _PLAIN_EVERY - 1
        if self._rest > 0 or due or self._plain_left > 0:
            return 0
        self._best = self._known.best(self._most)
        return self._best

    def floor(self) -> float:
        """What the last proposal costs, over what a token takes."""
        costs = self._known.costs
        more = costs.of(self._best) - costs.of(self._best - 1)
        return min(_SURE, max(0.0, more * self._known.rate(self._best)))

    def add(self, asked: int, proposed: int, kept: int, seconds: float) -> None:
        """Learn from it."""
        self._rounds += 1
        self._plain_left -= 1
        if proposed or not asked:
            self._known.costs.add(proposed, seconds)
        if asked:
            # A draft that found no token likely enough is one that would not have been kept.
            self._known.saw(max(1, proposed), kept)
            usual = self._known.costs.of(0) * (1 + _DEAR * proposed)
            self._window.append((kept + 1, min(seconds, _DISTURBED * usual)))
            self._judge()
        elif self._rest:
            self._wait()

    def _hopeless(self) -> bool:
        """Whether no length is thought to be as fast as plain steps."""
        known = self._known
        return known.rate(known.best(self._most)) * known.costs.of(0) < 1

    def _judge(self) -> None:
        tokens = sum(count for count, _ in self._window)
        seconds = sum(time for _, time in self._window)
        slower = len(self._window) >= _TRIAL and tokens * self._known.costs.of(0) < seconds
        if slower or self._hopeless():
            self._stop()
        elif len(self._window) == _WINDOW:
            self._next_rest = _FIRST_REST

    def _stop(self) -> None:
        self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, _LONGEST_REST)
        self._window.clear()

    def _wait(self) -> None:
        self._rest -= 1
        if self._rest == 0:
            self._known.doubt()
