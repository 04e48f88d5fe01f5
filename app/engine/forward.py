"""Token ids in, logits out: runs the graph over the caches of several conversations.

The only caller of a session. It knows no text, no sampling and no requests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from app.engine.binding import BoundRun
from app.engine.contract import Contract
from app.engine.kv import KvCache
from app.engine.pool import SharedKv
from app.engine.session import Session
from app.engine.slots import Slots
from app.errors import CandorError, ContextExceeded, InvalidRequest, ModelUnsupported

CHUNK = 128
"""Tokens per run while a prompt is read: as fast as one long run, and it can be stopped."""


class Forward:
    """The model's forward pass over cached conversations, one in each of `slots`.

    `capacity` is the most tokens that a conversation holds.
    """

    def __init__(
        self, session: Session, contract: Contract, caches: Sequence[KvCache], capacity: int
    ) -> None:
        self.capacity = capacity
        self.slots = Slots(caches)
        self._session = session
        self._contract = contract
        self._decode: dict[int, BoundRun] = {}

    def cached_ids(self, slot: int = 0) -> tuple[int, ...]:
        """The tokens that the cache of a slot holds."""
        return tuple(self.slots[slot].ids)

    def reuse(self, ids: Sequence[int], *, slot: int = 0) -> int:
        """Rewind a cache to what it shares with `ids`, and say how many tokens that is.

        At least one token of `ids` is left to run, since only running a token gives logits.
        """
        place = self.slots[slot]
        length = place.shared(ids)
        place.kv.rewind(length)
        del place.ids[length:]
        return length

    @contextmanager
    def detour(self, ids: Sequence[int], *, slot: int = 0) -> Iterator[None]:
        """A time in which `ids` may be reused and run; what the cache held then comes back.

        Raises:
            MemoryError: what has to be set aside does not fit; nothing has changed.
        """
        place = self.slots[slot]
        before = list(place.ids)
        restore = place.kv.save(place.shared(ids), min(len(before), len(ids)))
        try:
            yield
        finally:
            restore()
            place.ids = before

    def goes_on(self, ids: Sequence[int], *, slot: int = 0) -> bool:
        """Whether the cache of a slot holds all of `ids` and more."""
        held = self.slots[slot].ids
        return len(held) > len(ids) and held[: len(ids)] == list(ids)

    def clear(self) -> None:
        """Forget every token of every conversation."""
        for slot in range(len(self.slots)):
            self.reuse((), slot=slot)

    def run(self, ids: Sequence[int], *, slot: int = 0, every_position: bool = False) -> np.ndarray:
        """Append `ids` to the cache of a slot and give the logits that follow them.

        Returns float32 [1, V] for the last token, or [n, V] with `every_position`. The array may
        be a view of a buffer that the slot's next run overwrites. After an error the cache holds
        what it held before.

        Raises:
            ContextExceeded: the tokens do not fit; callers check `capacity` before.
            ModelUnsupported: the graph fails, or gives numbers that are not finite.
            OutOfMemory: a tensor does not fit into memory.
        """
        place = self.slots[slot]
        self._check_room(len(place.ids), len(ids))
        bound = self._bound(place.kv, len(ids), every_position)
        logits = bound.run(ids, len(place.ids))
        _check_finite(logits)
        place.kv.commit(bound.binding)
        place.ids.extend(ids)
        return logits

    def decode(self, steps: Sequence[tuple[int, int]]) -> list[np.ndarray | CandorError]:
        """Append one id to each of several slots, given as (slot, id).

        Returns for each the logits float32 [1, V] that follow, or what went wrong in its row.
        """
        return [self._outcome(slot, id) for slot, id in steps]

    def _outcome(self, slot: int, id: int) -> np.ndarray | CandorError:
        try:
            return self.run([id], slot=slot)
        except CandorError as error:
            return error

    def _check_room(self, held: int, count: int) -> None:
        if count == 0:
            raise InvalidRequest("There is no token to run.")
        needed = held + count
        if needed > self.capacity:
            raise ContextExceeded(
                f"The context is full: {needed:,} tokens are needed, {self.capacity:,} fit.",
                "Shorten the conversation.",
            )

    def _bound(self, kv: KvCache, count: int, every_position: bool) -> BoundRun:
        """A run over `count` tokens; the one that decodes is bound once where that is possible."""
        if count > 1 or not isinstance(kv, SharedKv):
            return BoundRun(self._session, self._contract, kv, count, every_position)
        if kv.row not in self._decode:
            self._decode[kv.row] = BoundRun(self._session, self._contract, kv, 1, every_position)
        return self._decode[kv.row]


def _check_finite(logits: np.ndarray) -> None:
    # The maximum is NaN, +inf or (all masked) -inf exactly where softmax has no answer; single
    # -inf logits are sound.
    if not np.isfinite(logits.max()):
        raise ModelUnsupported(
            "The model gives numbers that are not finite, so its variant does not work on this "
            "device.",
            "Try another variant of the model.",
        )
