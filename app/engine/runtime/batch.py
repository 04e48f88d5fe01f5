"""Several conversations in one run of the graph: as many new tokens in each row."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.domain.drafting import MOST_DRAFT_TOKENS
from app.engine.cache.pool import KvPool
from app.engine.contract import Role
from app.engine.runtime.binding import BoundRun
from app.engine.runtime.network import Network

WIDEST = MOST_DRAFT_TOKENS + 1
"""Tokens of a run that is kept bound: those of a draft, and the one before it."""


Step = tuple[int, Sequence[int]]
"""A slot and the ids to append to it."""


class BatchRuns:
    """Runs over neighbouring rows of a pool, each bound once and kept, with one buffer for all."""

    def __init__(self, network: Network, pool: KvPool) -> None:
        self._network = network
        self._pool = pool
        self._bound: dict[tuple[int, int, int], BoundRun] = {}
        self._bound_rows: dict[tuple[int, int, bool], BoundRun] = {}
        self._few: np.ndarray | None = None
        spec = network.contract.logits
        size = len(pool.caches) * WIDEST * (spec.vocabulary or 0)
        # The system gives memory only to what is written.
        self._logits = np.zeros(size, dtype=spec.dtype) if spec.vocabulary else None

    @property
    def widest(self) -> int:
        """The most new tokens in each of several rows that the graph takes in one run.

        Grouped-query attention on a CPU refuses more than one behind a past unless it is told how
        many there are.
        """
        told = self._network.contract.feed(Role.QUERY_LENGTHS) is not None
        return WIDEST if told and self._logits is not None else 1

    def run(self, steps: Sequence[Step], cached: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Logits float32 [n, V] that follow each slot's ids, at most `widest`.

        Shorter rows are filled up with a token behind theirs, whose place must be there and counts
        for nothing. `cached` has the ids of every slot. The arrays are views that the next run
        overwrites.

        Raises:
            ModelUnsupported, OutOfMemory: as `Session.run`.
        """
        ids = dict(steps)
        width = max(len(each) for each in ids.values())
        order = self._pool.gather(list(ids), [len(each) for each in cached])
        bound = self._rows(self._pool.caches[order[0]].row, len(order), width)
        table = [[*ids[slot], *[ids[slot][-1]] * (width - len(ids[slot]))] for slot in order]
        logits = bound.run_all(table, [len(cached[slot]) for slot in order])
        rows = dict(zip(order, logits[:, -width:], strict=True))
        return [rows[slot][: len(each)] for slot, each in ids.items()]

    def run_row(self, slot: int, ids: Sequence[int], held: int, every_position: bool) -> np.ndarray:
        """Logits float32 [1, V] behind the last of at most `WIDEST` ids of one slot, or [n, V].

        The array is a view that the next run of the kind overwrites.

        Raises:
            ModelUnsupported, OutOfMemory: as `Session.run`.
        """
        key = (self._pool.caches[slot].row, len(ids), every_position)
        if key not in self._bound_rows:
            self._bound_rows[key] = self._row(*key)
        return self._bound_rows[key].run([ids], [held])

    def copy(self, source: int, target: int, start: int, stop: int) -> None:
        """Let slot `target` hold positions of slot `source`, without computing them."""
        self._pool.copy(source, target, start, stop)

    def _row(self, row: int, width: int, every_position: bool) -> BoundRun:
        spec, wanted = self._network.contract.logits, width if every_position else 1
        if self._few is None and spec.vocabulary:
            self._few = np.zeros((1, WIDEST, spec.vocabulary), dtype=spec.dtype)
        # A graph that gives all logits anyway needs room for them.
        buffer = self._few[:, :wanted] if self._few is not None and every_position else None
        bind = partial(self._pool.bind, start=row, count=1)
        return BoundRun(self._network, bind, buffer, every_position)

    def _rows(self, start: int, count: int, width: int) -> BoundRun:
        key = start, count, width
        if key not in self._bound:
            vocabulary = self._network.contract.logits.vocabulary or 0
            buffer = None
            if self._logits is not None:
                buffer = self._logits[: count * width * vocabulary]
                buffer = buffer.reshape(count, width, vocabulary)
            bind = partial(self._pool.bind, start=start, count=count)
            self._bound[key] = BoundRun(self._network, bind, buffer, every_position=width > 1)
        return self._bound[key]
