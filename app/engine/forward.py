"""Token ids in, logits out: runs the graph over one conversation's cache, and nothing else.

The only caller of a session. It knows no text, no sampling and no requests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile

import numpy as np

from app.engine.binding import BoundRun
from app.engine.contract import Contract
from app.engine.kv import KvCache
from app.engine.session import Session
from app.errors import ContextExceeded, InvalidRequest, ModelUnsupported

CHUNK = 128
"""Tokens per run while a prompt is read: as fast as one long run, and it can be stopped."""


class Forward:
    """The model's forward pass over one cached conversation.

    `capacity` is the most tokens that the cache holds.
    """

    def __init__(self, session: Session, contract: Contract, kv: KvCache, capacity: int) -> None:
        self.capacity = capacity
        self._session = session
        self._contract = contract
        self._kv = kv
        self._ids: list[int] = []
        self._decode: BoundRun | None = None

    @property
    def cached_ids(self) -> tuple[int, ...]:
        """The tokens that the cache holds."""
        return tuple(self._ids)

    def reuse(self, ids: Sequence[int]) -> int:
        """Rewind the cache to what it shares with `ids`, and say how many tokens that is.

        At least one token of `ids` is left to run, since only running a token gives logits.
        """
        length = self._shared(ids)
        self._kv.rewind(length)
        del self._ids[length:]
        return length

    @contextmanager
    def detour(self, ids: Sequence[int]) -> Iterator[None]:
        """A time in which `ids` may be reused and run; what the cache held then comes back.

        Raises:
            MemoryError: what has to be set aside does not fit; nothing has changed.
        """
        before = list(self._ids)
        restore = self._kv.save(self._shared(ids), min(len(before), len(ids)))
        try:
            yield
        finally:
            restore()
            self._ids = before

    def goes_on(self, ids: Sequence[int]) -> bool:
        """Whether the cache holds all of `ids` and more."""
        return len(self._ids) > len(ids) and self._ids[: len(ids)] == list(ids)

    def clear(self) -> None:
        """Forget every token."""
        self._kv.rewind(0)
        self._ids.clear()

    def run(self, ids: Sequence[int], *, every_position: bool = False) -> np.ndarray:
        """Append `ids` to the cache and give the logits that follow them.

        Returns float32 [1, V] for the last token, or [n, V] with `every_position`. The array may
        be a view of a buffer that the next run overwrites. After an error the cache holds what it
        held before.

        Raises:
            ContextExceeded: the tokens do not fit; callers check `capacity` before.
            ModelUnsupported: the graph fails, or gives numbers that are not finite.
            OutOfMemory: a tensor does not fit into memory.
        """
        self._check_room(len(ids))
        bound = self._bound(len(ids), every_position)
        logits = bound.run(ids, len(self._ids))
        _check_finite(logits)
        self._kv.commit(bound.binding)
        self._ids.extend(ids)
        return logits

    def _shared(self, ids: Sequence[int]) -> int:
        pairs = zip(self._ids, ids[:-1], strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def _check_room(self, count: int) -> None:
        if count == 0:
            raise InvalidRequest("There is no token to run.")
        needed = len(self._ids) + count
        if needed > self.capacity:
            raise ContextExceeded(
                f"The context is full: {needed:,} tokens are needed, {self.capacity:,} fit.",
                "Shorten the conversation.",
            )

    def _bound(self, count: int, every_position: bool) -> BoundRun:
        """A run over `count` tokens; the one that decodes is bound once where that is possible."""
        if count > 1 or not self._kv.in_place:
            return BoundRun(self._session, self._contract, self._kv, count, every_position)
        if self._decode is None:
            self._decode = BoundRun(self._session, self._contract, self._kv, 1, every_position)
        return self._decode


def _check_finite(logits: np.ndarray) -> None:
    # The maximum is NaN, +inf or (all masked) -inf exactly where softmax has no answer; single
    # -inf logits are sound.
    if not np.isfinite(logits.max()):
        raise ModelUnsupported(
            "The model gives numbers that are not finite, so its variant does not work on this "
            "device.",
            "Try another variant of the model.",
        )
