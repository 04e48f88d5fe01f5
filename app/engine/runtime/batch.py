"""Several conversations in one run of the graph: one new token in each row."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.domain.drafting import MOST_DRAFT_TOKENS
from app.engine.cache.pool import KvPool
from app.engine.runtime.binding import BoundRun
from app.engine.runtime.network import Network

WIDEST = MOST_DRAFT_TOKENS + 1
"""Tokens of a run that is kept bound: those of a draft, and the one before it."""


class BatchRuns:
    """Runs over neighbouring rows of a pool, each bound once and kept, with one buffer for all."""

    def __init__(self, network: Network, pool: KvPool) -> None:
        self._network = network
        self._pool = pool
        self._bound: dict[tuple[int, int], BoundRun] = {}
        self._bound_rows: dict[tuple[int, int, bool], BoundRun] = {}
        self._few: np.ndarray | None = None
        spec = network.contract.logits
        shape = (len(pool.caches), 1, spec.vocabulary or 0)
        self._logits = np.zeros(shape, dtype=spec.dtype) if spec.vocabulary else None

    def run(
        self, steps: Sequence[tuple[int, int]], cached: Sequence[Sequence[int]]
    ) -> list[np.ndarray]:
        """Logits float32 [1, V] that follow each pair of slot and id.

        `cached` has the ids of every slot. The arrays are views that the next run overwrites.

        Raises:
            ModelUnsupported, OutOfMemory: as `Session.run`.
        """
        ids = dict(steps)
        order = self._pool.gather(list(ids), [len(each) for each in cached])
        bound = self._rows(self._pool.caches[order[0]].row, len(order))
        logits = bound.run([[ids[slot]] for slot in order], [len(cached[slot]) for slot in order])
        rows = dict(zip(order, logits[:, None], strict=True))
        return [rows[slot] for slot in ids]

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

    def _rows(self, start: int, count: int) -> BoundRun:
        if (start, count) not in self._bound:
            buffer = None if self._logits is None else self._logits[:count]
            bind = partial(self._pool.bind, start=start, count=count)
            self._bound[start, count] = BoundRun(self._network, bind, buffer, every_position=False)
        return self._bound[start, count]
