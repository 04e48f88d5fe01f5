"""Rows of logits kept while a model generates, found again by the exact tokens before them.

In: a row and the trail of ids that it follows. Out: that row, or nothing once newer rows have taken
its place. A store belongs to one loaded model, so the ids are the whole key.
"""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

MOST_BYTES = 32 * 2**20  # what is older is one run of the graph away

Key = bytes
_NOISE = 1e-3  # logits that differ by less are the same to a reader


class Trail:
    """A fingerprint of a growing sequence of ids: 32 bytes of BLAKE2b over all of them."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._hash = blake2b(digest_size=32)
        self._hash.update(np.fromiter(ids, dtype="<i8").tobytes())

    def add(self, id: int) -> None:
        """Append an id."""
        self._hash.update(id.to_bytes(8, "little", signed=True))

    @property
    def key(self) -> Key:
        """The fingerprint of the ids so far."""
        return self._hash.digest()


class RowStore:
    """The rows used last, float32 [V], in at most `most_bytes`."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._rows: OrderedDict[Key, np.ndarray] = OrderedDict()
        self._again: set[Key] = set()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        return self._bytes

    def keep(self, key: Key, row: np.ndarray, *, own: bool = True) -> None:
        """Copy a row; the ones unused for longest make room, and their memory is used again.

        It is a generation's `own`, or computed again. Of two generations with the same ids but
        noticeably different rows, as graphs with int8 activations give in batches of different
        sizes, nobody can tell later whose row is meant: it counts as computed again.
        """
        if row.nbytes > self._most_bytes:
            return
        spare = self._rows.pop(key, None)
        if not own or (spare is not None and _differ(spare, row)):
            self._again.add(key)
        self._bytes -= spare.nbytes if spare is not None else 0
        while self._bytes + row.nbytes > self._most_bytes:
            oldest, spare = self._rows.popitem(last=False)
            self._again.discard(oldest)
            self._bytes -= spare.nbytes
        if spare is None or spare.shape != row.shape:
            spare = np.empty_like(row)
        np.copyto(spare, row)
        self._rows[key] = spare
        self._bytes += spare.nbytes

    def is_own(self, key: Key) -> bool:
        """Whether a row is kept that is surely a generation's own."""
        return key in self._rows and key not in self._again

    def find(self, key: Key) -> np.ndarray | None:
        """The row behind these ids, unchanged until the next `keep`."""
        row = self._rows.get(key)
        if row is not None:
            self._rows.move_to_end(key)
        return row


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape != other.shape or not np.allclose(one, other, rtol=0, atol=_NOISE)
