"""Token ids in, logits out: runs the graph over the caches of several conversations.

The only caller of a session. It knows no text, no sampling and no requests.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from app.engine.cache.kv import KvCache
from app.engine.cache.pool import AppendedKv, SharedKv
from app.engine.cache.slots import Slot, Slots
from app.engine.runtime.batch import WIDEST, BatchRuns, Step
from app.engine.runtime.binding import BoundRun
from app.engine.runtime.network import Network
from app.errors import CandorError, ContextExceeded, InvalidRequest, ModelUnsupported, OutOfMemory

CHUNK = 128
"""Tokens per run while a prompt is read: as fast as one long run, and it can be stopped."""

Outcome = np.ndarray | CandorError
"""Logits float32 [1 or n, V], or why there are none."""

_log = logging.getLogger(__name__)


class Forward:
    """The model's forward pass over cached conversations, one in each of `slots`.

    `capacity` is the most tokens that a conversation holds, `rows_per_run` the most conversations
    that one run of the graph advances. `advice` is what to try where the model's numbers are not
    finite. `batch` is None where the caches are apart. Logits reach as far as the `vocabulary`:
    graphs may have more rows than there are tokens, to fill a block.
    """

    def __init__(
        self,
        network: Network,
        caches: Sequence[KvCache],
        capacity: int,
        advice: str = "",
        batch: BatchRuns | None = None,
    ) -> None:
        self.capacity = capacity
        self.vocabulary: int | None = None
        self.slots = Slots(caches, copied=batch is not None)
        self.rows_per_run = len(caches) if batch and network.contract.batched else 1
        self._network = network
        self._advice = advice
        self._batch = batch

    @property
    def cache_bytes_per_token(self) -> int:
        """Memory that one cached token of a conversation takes."""
        return self._network.contract.bytes_per_token

    def cached_ids(self, slot: int = 0) -> tuple[int, ...]:
        """The tokens that the cache of a slot holds."""
        return tuple(self.slots[slot].ids)

    def reuse(self, ids: Sequence[int], *, slot: int = 0) -> int:
        """Rewind a cache to what it shares with `ids`, copy what another one shares beyond that
        where it can be copied, and say how many tokens that makes.

        At least one token of `ids` is left to run, since only running a token gives logits; more
        are, where the cache cannot go back to every place.
        """
        place = self.slots[slot]
        length = self.rewind(place.shared(ids), slot=slot)
        if self._batch is not None:
            source = self.slots.sharing(ids)
            more = self.slots[source].shared(ids)
            self._batch.copy(source, slot, length, more)
            place.ids.extend(ids[length:more])
        return len(place.ids)

    def rewind(self, length: int, *, slot: int = 0) -> int:
        """Forget the tokens of a slot from position `length` on, and say how many are left.

        These are fewer where the cache cannot go back to that place.
        """
        place = self.slots[slot]
        kept = place.kv.rewind(self._network.keeps(len(place.ids), length))
        del place.ids[kept:]
        return kept

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

    def run(
        self,
        ids: Sequence[int],
        *,
        slot: int = 0,
        every_position: bool = False,
        written: bool = False,
    ) -> np.ndarray:
        """Append `ids` to the cache of a slot and give the logits that follow them.

        Those `written` by an answer run on the graph that wrote them, where another reads prompts.
        Returns float32 [1, V] for the last token, or [n, V] with `every_position`. The array may
        be a view of a buffer that the slot's next run overwrites. After an error the cache holds
        what it held before, or nothing where all of it was being read again.

        Raises:
            ContextExceeded: the tokens do not fit; callers check `capacity` before.
            ModelUnsupported: the graph fails, or gives numbers that are not finite.
            OutOfMemory: a tensor does not fit into memory.
        """
        place = self.slots[slot]
        self._check_room(len(place.ids), len(ids))
        if self._network.rereads(len(place.ids), len(ids)):
            return self._reread(place, ids, every_position)
        pieces = self._network.pieces(ids, len(place.ids))
        if len(pieces) == 1:
            network = self._network.at(len(place.ids), len(ids), written=written)
            if self._batch is not None and network is self._network and len(ids) <= WIDEST:
                return self._extend_bound(self._batch, slot, ids, every_position)
            return self._extend(place, ids, every_position, written=written)
        return self._extend_by(pieces, place, every_position)

    def decode(self, steps: Sequence[tuple[int, int]]) -> list[Outcome]:
        """Append one id to each of several slots, given as (slot, id).

        Returns for each the logits float32 [1, V] that follow, which may be a view that the next
        call overwrites, or the error of this row alone. Where the graph can, rows run together;
        where memory does not last for that, fewer do from then on.
        """
        found: list[Outcome] = []
        while len(found) < len(steps):
            part = self._decode(steps[len(found) :][: self.rows_per_run])
            if len(found) + len(part) < len(steps):
                part = [row.copy() if isinstance(row, np.ndarray) else row for row in part]
            found += part
        return found

    def _decode(self, steps: Sequence[tuple[int, int]]) -> list[Outcome]:
        """The outcomes of these rows; none where they proved too many to run together."""
        if self._batch is None:
            return [self._alone(slot, id) for slot, id in steps]
        try:
            return self._together(self._batch, [(slot, [id]) for slot, id in steps])
        except CandorError as error:
            if len(steps) == 1:
                return [error]
            return self._split(steps, error)

    def verify(self, steps: Sequence[Step]) -> list[Outcome] | None:
        """`decode` for several ids a slot, with logits [n, V]; None where one run cannot do it."""
        batch, width = self._batch, max(len(ids) for _, ids in steps)
        longest = width + max(len(self.slots[slot].ids) for slot, _ in steps)
        if batch is None or len(steps) > self.rows_per_run or width > batch.widest:
            return None
        try:  # shorter rows are filled up
            return self._together(batch, steps) if longest <= self.capacity else None
        except CandorError as error:
            _log.warning("%d drafts could not be checked at once: %s", len(steps), error)
            return None

    def _together(self, batch: BatchRuns, steps: Sequence[Step]) -> list[Outcome]:
        for slot, ids in steps:
            self._check_room(len(self.slots[slot].ids), len(ids))
        rows = batch.run(steps, [slot.ids for slot in self.slots])
        found: list[Outcome] = []
        for (slot, ids), whole in zip(steps, rows, strict=True):
            row = whole[:, : self.vocabulary]
            error = self._unsound(row)
            if error is None:
                self.slots[slot].ids.extend(ids)
            found.append(error or row)
        return found

    def _split(self, steps: Sequence[tuple[int, int]], error: CandorError) -> list[Outcome]:
        """After a run of several rows that failed: fewer at a time, or each alone this once."""
        if isinstance(error, OutOfMemory):
            self.rows_per_run = len(steps) // 2
            _log.warning(
                "There is not enough memory to run %d conversations at once; from now on at most"
                " %d run together.",
                len(steps),
                self.rows_per_run,
            )
            return []
        _log.warning("%d conversations could not run at once: %s", len(steps), error)
        return [self._alone(slot, id) for slot, id in steps]

    def _alone(self, slot: int, id: int) -> Outcome:
        try:
            return self.run([id], slot=slot)
        except CandorError as error:
            return error

    def _extend(
        self, place: Slot, ids: Sequence[int], every_position: bool, *, written: bool = False
    ) -> np.ndarray:
        """One run of the graph."""
        held = len(place.ids)
        network = self._network.at(held, len(ids), written=written)
        cache = _cache(place, network)
        bound = BoundRun(network, cache.bind, None, every_position)
        logits = bound.run([ids], [held])[:, : self.vocabulary]
        if error := self._unsound(logits):
            raise error
        cache.commit(bound.binding, held + len(ids))
        place.ids.extend(ids)
        return logits

    def _extend_bound(
        self, batch: BatchRuns, slot: int, ids: Sequence[int], every_position: bool
    ) -> np.ndarray:
        """The same, in a run that is kept bound."""
        place = self.slots[slot]
        logits = batch.run_row(slot, ids, len(place.ids), every_position)[:, : self.vocabulary]
        if error := self._unsound(logits):
            raise error
        place.ids.extend(ids)
        return logits

    def _extend_by(
        self, pieces: Sequence[Sequence[int]], place: Slot, every_position: bool
    ) -> np.ndarray:
        """Several runs that count as one."""
        before = list(place.ids)
        restore = place.kv.save(len(before), len(before))
        try:
            rows = [self._extend(place, each, every_position).copy() for each in pieces]
        except CandorError:
            restore()
            place.ids = before
            raise
        return np.concatenate(rows) if every_position else rows[-1]

    def _reread(self, place: Slot, ids: Sequence[int], every_position: bool) -> np.ndarray:
        """One run over all that the cache held and `ids` behind it."""
        before, restore = place.ids, place.kv.save(0, 0)
        place.kv.rewind(0)
        place.ids = []
        try:
            return self._extend(place, [*before, *ids], every_position)[-len(ids) :]
        except CandorError:
            if not self._network.contract.in_place:  # what was replaced is still there
                restore()
                place.ids = before
            raise

    def _check_room(self, held: int, count: int) -> None:
        if count == 0:
            raise InvalidRequest("There is no token to run.")
        needed = held + count
        if needed > self.capacity:
            raise ContextExceeded(
                f"The context is full: {needed:,} tokens are needed, {self.capacity:,} fit.",
                "Shorten the conversation.",
            )

    def _unsound(self, logits: np.ndarray) -> ModelUnsupported | None:
        # The maximum is NaN, +inf or (all masked) -inf exactly where softmax has no answer; single
        # -inf logits are sound.
        if np.isfinite(logits.max()):
            return None
        return ModelUnsupported(
            "The model gives numbers that are not finite, so its variant does not work on this "
            "device.",
            self._advice,
        )


def _cache(place: Slot, network: Network) -> KvCache:
    """The cache of a slot as a run of `network` takes it."""
    if not network.appends:
        return place.kv
    assert isinstance(place.kv, SharedKv)  # a cache of 8 bits lies in a pool
    return AppendedKv(place.kv)
