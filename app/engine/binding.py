"""One run of the graph over a fixed number of tokens: its input buffers and its I/O binding.

Built once and run many times for decoding, so that a token costs one write into each input and
one rebinding of the inputs that grow.
"""

from collections.abc import Sequence

import numpy as np

from app.engine import inputs
from app.engine.contract import Contract, Feed
from app.engine.inputs import Step
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
        self._buffers: dict[str, np.ndarray] = {}
        self._logits = self._bind_logits(count)
        kv.bind(self.binding)

    def run(self, ids: Sequence[int], past: int) -> np.ndarray:
        """Logits float32 [count, V] or [1, V] of `ids`, which follow `past` cached tokens."""
        step = Step(np.array([ids]), np.array([past]), self._every_position)
        for feed in self._contract.feeds:
            self._fill(feed, inputs.value(feed, step))
        self._session.run(self.binding)
        logits = self._logits
        if logits is None:
            logits = self.binding.get_outputs()[0].numpy()
        rows = logits[0] if self._every_position else logits[0, -1:]
        return rows.astype(np.float32, copy=False)

    def _fill(self, feed: Feed, value: np.ndarray) -> None:
        """Write into the bound buffer, or bind another where the shape has changed."""
        buffer = self._buffers.get(feed.name)
        if buffer is not None and buffer.shape == value.shape:
            buffer[...] = value
            return
        buffer = self._buffers[feed.name] = value.copy()
        address = buffer.ctypes.data
        self.binding.bind_input(feed.name, "cpu", 0, feed.dtype, buffer.shape, address)

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
