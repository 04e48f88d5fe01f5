"""Several conversations in one run of the graph: one new token in each row."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.engine.cache.pool import KvPool
from app.engine.runtime.binding import BoundRun
from app.engine.runtime.network import Network


class BatchRuns:
    """Runs over neighbouring rows of a pool, each bound once and kept, with one buffer for all."""

    def __init__(self, network: Network, pool: KvPool) -> None:
        self._network = network
        self._pool = pool
        self._bound: dict[tuple[int, int], BoundRun] = {}
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

    def copy(self, source: int, target: int, start: int, stop: int) -> None:
        """Let slot `target` hold positions of slot `source`, without computing them."""
        self._pool.copy(source, target, start, stop)

    def _rows(self, start: int, count: int) -> BoundRun:
        if (start, count) not in self._bound:
            buffer = None if self._logits is None else self._logits[:count]
            bind = partial(self._pool.bind, start=start, count=count)
            self._bound[start, count] = BoundRun(self._network, bind, buffer, every_position=False)
        return self._bound[start, count]
