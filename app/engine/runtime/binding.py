"""One run of the graph over a fixed number of tokens: its input buffers and its I/O binding.

Built once and run many times for decoding, so that a token costs one write into each input and
one rebinding of the inputs that grow.
"""

from collections.abc import Callable, Sequence

import numpy as np

from app.engine.contract import Feed
from app.engine.runtime import inputs
from app.engine.runtime.inputs import Step
from app.engine.runtime.network import Network
from app.engine.runtime.session import IOBinding


class BoundRun:
    """A binding for as many new tokens in each of some rows, behind whatever their caches hold.

    `bind_cache` binds the rows' caches. Logits are written into `logits`, the contract's dtype
    [rows, 1 or n, V], where a buffer is given; else it is the runtime's own. With `every_position`
    the graph is asked for the logits of all n tokens.
    """

    def __init__(
        self,
        network: Network,
        bind_cache: Callable[[IOBinding], None],
        logits: np.ndarray | None,
        every_position: bool,
    ) -> None:
        self.binding: IOBinding = network.session.binding()
        self._network = network
        self._every_position = every_position
        self._buffers: dict[str, np.ndarray] = {}
        self._logits = logits
        self._bind_logits()
        bind_cache(self.binding)

    def run(self, ids: Sequence[Sequence[int]], past: Sequence[int]) -> np.ndarray:
        """Logits float32 [rows, V] behind the last of `ids`, or [n, V] of a single row with
        `every_position`.

        Row i of `ids` follows `past[i]` cached tokens.
        """
        logits = self.run_all(ids, past)
        return logits[0] if self._every_position else logits[:, -1]

    def run_all(self, ids: Sequence[Sequence[int]], past: Sequence[int]) -> np.ndarray:
        """Logits float32 [rows, 1 or n, V]; n are there also where the graph gives no less."""
        table, network = np.array(ids), self._network
        embedded = network.embedder.embed(table) if network.embedder else {}
        step = Step(table, np.array(past), self._every_position, embedded)
        for feed in network.contract.feeds:
            self._fill(feed, inputs.value(feed, step))
        network.session.run(self.binding)
        logits = self._logits
        if logits is None:
            logits = self.binding.get_outputs()[0].numpy()
        return logits.astype(np.float32, copy=False)

    def _fill(self, feed: Feed, value: np.ndarray) -> None:
        """Write into the bound buffer, or bind another where the shape has changed."""
        buffer = self._buffers.get(feed.name)
        if buffer is not None and buffer.shape == value.shape:
            buffer[...] = value
            return
        buffer = self._buffers[feed.name] = value.copy()
        address = buffer.ctypes.data
        self.binding.bind_input(feed.name, "cpu", 0, feed.dtype, buffer.shape, address)

    def _bind_logits(self) -> None:
        spec, buffer = self._network.contract.logits, self._logits
        if buffer is None:
            self.binding.bind_output(spec.name)
        else:
            address = buffer.ctypes.data
            self.binding.bind_output(spec.name, "cpu", 0, spec.dtype, buffer.shape, address)
