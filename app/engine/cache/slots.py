"""The conversations that a model remembers at once, and which of them a new request goes on from.

In: the caches and the ids of requests. Out: slots, each taken by one request at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.engine.cache.kv import KvCache


@dataclass(eq=False, slots=True)
class Slot:
    """The place of one conversation: `ids` are the tokens that its cache holds.

    `released` is the turn at which a request last let go of it.
    """

    kv: KvCache
    ids: list[int] = field(default_factory=list)
    taken: bool = False
    released: int = 0

    def shared(self, ids: Sequence[int]) -> int:
        """How many cached tokens `ids` begins with.

        At least one token of `ids` is left to run, since only running a token gives logits.
        """
        limit = min(len(self.ids), max(0, len(ids) - 1))
        if self.ids[:limit] == list(ids[:limit]):
            return limit
        pairs = zip(self.ids, ids, strict=False)
        return next(at for at, (mine, theirs) in enumerate(pairs) if mine != theirs)


class Slots:
    """All slots of a model; `copied` says that one can be filled from another by a copy."""

    def __init__(self, caches: Sequence[KvCache], *, copied: bool) -> None:
        self._slots = [Slot(kv) for kv in caches]
        self._copied = copied
        self._turn = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, index: int) -> Slot:
        return self._slots[index]

    @property
    def idle(self) -> int:
        """How many slots no request has."""
        return len(self._idle())

    def take(self, ids: Sequence[int]) -> int | None:
        """Take the idle slot that a request for `ids` goes on from; None while all are taken."""
        idle = self._idle()
        if not idle:
            return None
        index = self._choose(ids, idle)
        self._slots[index].taken = True
        return index

    def release(self, index: int) -> None:
        """Let another request have the slot; it keeps what it holds until then."""
        self._turn += 1
        self._slots[index].taken = False
        self._slots[index].released = self._turn

    def sharing(self, ids: Sequence[int]) -> int:
        """The slot, taken or not, that shares the longest beginning with `ids`."""
        return max(range(len(self._slots)), key=lambda index: self._shared(index, ids))

    def nearest(self, ids: Sequence[int]) -> int:
        """The slot in which a look at `ids` costs least; a taken one has to be left as it was."""
        everywhere = range(len(self._slots))
        best = max(everywhere, key=lambda index: (self._shared(index, ids), self._is_idle(index)))
        return self._choose(ids, self._idle()) if self._is_idle(best) else best

    def _choose(self, ids: Sequence[int], idle: Sequence[int]) -> int:
        """The slot that shares the longest beginning with `ids`, or the one left alone for longest
        where most of what that one holds would be lost for little.
        """
        best = max(idle, key=lambda index: (self._shared(index, ids), -len(self._slots[index].ids)))
        held = len(self._slots[best].ids)
        worth = held if self._copied else min(held, len(ids))
        if 2 * self._shared(best, ids) >= max(1, worth):
            return best
        return min(idle, key=lambda index: self._slots[index].released)

    def _idle(self) -> list[int]:
        return [index for index in range(len(self._slots)) if self._is_idle(index)]

    def _is_idle(self, index: int) -> bool:
        return not self._slots[index].taken

    def _shared(self, index: int, ids: Sequence[int]) -> int:
        return self._slots[index].shared(ids)
