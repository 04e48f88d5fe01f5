"""What every request shares while it is computed: ids, the place of its cache, how it ends."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from app.domain.drafting import DraftReport
from app.domain.events import Delta, Event, Finished, FinishReason, Timings, Usage
from app.engine.clock import Clock
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.rows import RowStore


class Texts(Protocol):
    """What becomes of a request's tokens."""

    def close(self) -> None:
        """End the text."""
        ...

    def take(self) -> list[Delta]:
        """What came since the last call."""
        ...


class Work(ABC):
    """One request, computed chunk by chunk and token by token.

    The first `computed` of `ids` are in the cache of `slot`, which is None while the request waits
    for one. `reason` is None until it has ended, `error` is what it ended in otherwise. With
    `every_position` all its tokens are asked for logits. `waiting_since` (seconds of the clock's
    kind) is when a chunk of it was last read. A work that `restarts` has other ids now, and wants
    a cache for them.
    """

    every_position = False
    restarts = False

    def __init__(self, ids: Sequence[int], texts: Texts) -> None:
        self.ids = list(ids)
        self.computed = 0
        self.slot: int | None = None
        self.cancelled = False
        self.reason: FinishReason | None = None
        self.error: BaseException | None = None
        self.clock = Clock()
        self.waiting_since = self.clock.began
        self._cached: int | None = None
        self._texts = texts

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self.reason is not None or self.error is not None

    @property
    def decoding(self) -> bool:
        """Whether one more token is all that has to be run."""
        return not self.every_position and self.computed == len(self.ids) - 1

    @property
    @abstractmethod
    def reusable(self) -> Sequence[int]:
        """The ids whose keys and values may be taken from a cache; the last one is run anyway."""

    @abstractmethod
    def advance(self, count: int, logits: np.ndarray, rows: RowStore) -> list[Event]:
        """The next `count` ids are computed and gave `logits`, float32 [1 or n, V]."""

    @abstractmethod
    def usage(self) -> Usage:
        """Its counts of tokens."""

    @abstractmethod
    def timings(self) -> Timings:
        """Its speeds."""

    @property
    def seed(self) -> int | None:
        """What reproduces it; None where nothing is drawn."""
        return None

    def propose(self, *, alone: bool) -> Sequence[Proposal]:
        """Tokens that a draft expects next, to be run with the last one; `alone` in its run."""
        return ()

    def verify(self, proposals: Sequence[Proposal], logits: np.ndarray, rows: RowStore) -> None:
        """Go on by what `logits`, float32 [1 + n, V], leave of n proposals."""
        raise NotImplementedError

    def settle(self, computed: int) -> list[Event]:
        """Go on from a cache that holds the first `computed` ids."""
        self.computed = computed
        return self.events()

    def left(self) -> None:  # noqa: B027 - most have nothing to let go of
        """It has no slot any more."""

    def drafting(self) -> DraftReport | None:
        """What drafts did, where they were asked for."""
        return None

    def seat(self, cached: int) -> None:
        """Go on in a slot whose cache holds the first `cached` ids, at first or again."""
        self.computed = cached
        self.restarts = False
        if self._cached is None:
            self._cached = cached
            self.clock.started()

    def cancel(self) -> None:
        """End within one tick."""
        self.cancelled = True

    def answer_now(self) -> None:  # noqa: B027 - nothing to do for what does not think
        """End the thought within one token."""

    def end(self, reason: FinishReason) -> None:
        """Take no more tokens."""
        self.reason = reason
        self._texts.close()

    def fail(self, error: BaseException) -> None:
        """End with an error; what it gave out already stays given."""
        self.error = error

    def events(self) -> list[Event]:
        """What came since the last call; Finished closes a request that ended well."""
        events: list[Event] = [*self._texts.take()]
        if self.reason is not None and self.error is None:
            figures = self.usage(), self.timings(), self.seed, self.drafting()
            events.append(Finished(self.reason, *figures))
        return events
