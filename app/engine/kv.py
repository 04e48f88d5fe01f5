"""The key-value cache of one conversation: what the model remembers of the tokens it has read.

Grouped-query graphs write new keys and values into buffers of a fixed capacity, so that the past
and the present are the same memory and a rewind is an integer. Plain graphs give back a cache
that has grown, so that a rewind is a copy of its beginning.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from app.engine.contract import Contract, State
from app.engine.session import IOBinding, tensor
from app.errors import OutOfMemory


class KvCache(Protocol):
    """Keys and values of the tokens that `Forward` counts.

    `in_place` says that one binding stays right from run to run.
    """

    in_place: bool

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


class SharedKv:
    """One buffer [1, kv_heads, capacity, head_size] per state, bound as past and as present.

    The graph is told how many positions count, so there is nothing to commit or to rewind.
    """

    in_place = True

    def __init__(self, contract: Contract, capacity: int) -> None:
        try:
            self._arrays = [_empty(state, capacity) for state in contract.states]
        except MemoryError as error:
            raise OutOfMemory(
                f"There is not enough memory for a context of {capacity:,} tokens.",
                "Close other programs, or choose a smaller model.",
            ) from error
        self._buffers = list(zip(contract.states, map(tensor, self._arrays), strict=True))

    def bind(self, binding: IOBinding) -> None:
        """Bind the buffers; once is enough for the life of `binding`."""
        for state, buffer in self._buffers:
            binding.bind_ortvalue_input(state.past, buffer)
            binding.bind_ortvalue_output(state.present, buffer)

    def commit(self, binding: IOBinding) -> None:
        """Nothing to do: the graph wrote into the buffers."""

    def rewind(self, length: int) -> None:
        """Nothing to do: positions that do not count are never read."""

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Copy these positions, the only ones that will be written over."""
        copies = [array[:, :, start:stop].copy() for array in self._arrays]

        def restore() -> None:
            for array, copy in zip(self._arrays, copies, strict=True):
                array[:, :, start:stop] = copy

        return restore


class GrowingKv:
    """One tensor [1, kv_heads, length, head_size] per state, replaced by every run."""

    in_place = False

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
