"""The key-value cache of one conversation: what the model remembers of the tokens it has read.

Plain graphs give back a cache that has grown, so that a rewind is a copy of its beginning. What
graphs do that write into buffers of a fixed capacity is in `app.engine.pool`.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from app.engine.contract import Contract, State
from app.engine.session import IOBinding, tensor


class KvCache(Protocol):
    """Keys and values of the tokens that `Forward` counts."""

    def bind(self, binding: IOBinding) -> None:
        """Bind every past input and every present output."""
        ...

    def commit(self, binding: IOBinding) -> None:
        """Keep what a successful run wrote."""
        ...

    def rewind(self, length: int) -> None:
        """Forget every token from position `length` on."""
        ...

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """A function that undoes rewinds to `start` or later, and runs that reach up to `stop`."""
        ...


class GrowingKv:
    """One tensor [1, kv_heads, length, head_size] per state, replaced by every run."""

    def __init__(self, contract: Contract) -> None:
        self._states = contract.states
        self._values = [tensor(_empty(state, 0)) for state in self._states]

    def bind(self, binding: IOBinding) -> None:
        """Bind the present cache as the past, and let the runtime allocate the next one."""
        for state, value in zip(self._states, self._values, strict=True):
            binding.bind_ortvalue_input(state.past, value)
            binding.bind_output(state.present)

    def commit(self, binding: IOBinding) -> None:
        """Take over the outputs of the run; they stand behind the logits, in order."""
        outputs = binding.get_outputs()
        self._values = outputs[len(outputs) - len(self._states) :]

    def rewind(self, length: int) -> None:
        """Copy the first `length` positions, where there are more."""
        self._values = [
            tensor(value.numpy()[:, :, :length].copy()) if value.shape()[2] > length else value
            for value in self._values
        ]

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Hold on to the present tensors, which nothing writes into."""
        values = self._values

        def restore() -> None:
            self._values = values

        return restore


def _empty(state: State, positions: int) -> np.ndarray:
    shape = (1, state.kv_heads, positions, state.head_size)
    return np.zeros(shape, dtype=state.dtype)
