"""One run of the graph over a fixed number of tokens: its input buffers and its I/O binding.

Built once and run many times for decoding, so that a token costs one write of an id and one
rebinding of the attention mask.
"""

from collections.abc import Sequence

import numpy as np

from app.engine.contract import Contract, Input
from app.engine.kv import KvCache
from app.engine.session import IOBinding, Session


class BoundRun:
    """A binding for `count` tokens behind whatever the cache holds.

    With `every_position` the graph is asked for the logits of all of them.
    """

    def __init__(
        self, session: Session, contract: Contract, kv: KvCache, count: int, every_position: bool
    ) -> None:
        self.binding: IOBinding = session.binding()
        self._session = session
        self._contract = contract
        self._every_position = every_position
        self._ids = self._input(contract.ids, (1, count))
        self._positions = self._input(contract.positions, (1, count))
        self._mask = np.ones((1, 0), dtype=np.int64)
        self._keep = self._input(contract.logits_to_keep, contract.logits_to_keep_shape)
        self._keep[...] = 0 if every_position else 1
        self._logits = self._bind_logits(count)
        kv.bind(self.binding)

    def run(self, ids: Sequence[int], past: int) -> np.ndarray:
        """Logits float32 [count, V] or [1, V] of `ids`, which follow `past` cached tokens."""
        count = len(ids)
        self._ids[0] = ids
        self._positions[0] = np.arange(past, past + count)
        self._bind_mask(past + count)
        self._session.run(self.binding)
        logits = self._logits
        if logits is None:
            logits = self.binding.get_outputs()[0].numpy()
        rows = logits[0] if self._every_position else logits[0, -1:]
        return rows.astype(np.float32, copy=False)

    def _input(self, spec: Input | None, shape: tuple[int, ...]) -> np.ndarray:
        """A zeroed buffer, bound where the graph has such an input."""
        buffer = np.zeros(shape, dtype=spec.dtype if spec else np.int64)
        if spec:
            self._bind(spec, buffer, shape)
        return buffer

    def _bind_mask(self, total: int) -> None:
        """Bind ones of [1, total]; the buffer grows by doubling, so most tokens only rebind."""
        spec = self._contract.mask
        if spec is None:
            return
        if self._mask.shape[1] < total:
            self._mask = np.ones((1, max(256, 2 * total)), dtype=spec.dtype)
        self._bind(spec, self._mask, (1, total))

    def _bind_logits(self, count: int) -> np.ndarray | None:
        """A buffer for the logits of a decoding step; other outputs are the runtime's own."""
        spec = self._contract.logits
        if count > 1 or spec.vocabulary is None:
            self.binding.bind_output(spec.name)
            return None
        buffer = np.zeros((1, 1, spec.vocabulary), dtype=spec.dtype)
        address = buffer.ctypes.data
        self.binding.bind_output(spec.name, "cpu", 0, spec.dtype, buffer.shape, address)
        return buffer

    def _bind(self, spec: Input, buffer: np.ndarray, shape: tuple[int, ...]) -> None:
        self.binding.bind_input(spec.name, "cpu", 0, spec.dtype, shape, buffer.ctypes.data)
