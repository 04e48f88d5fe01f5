"""The key-value cache of one conversation: what the model remembers of the tokens it has read.

Grouped-query graphs write new keys and values into buffers of a fixed capacity, so that the past
and the present are the same memory and a rewind is an integer. Plain graphs give back a cache
that has grown, so that a rewind is a copy of its beginning.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from app.engine.contract import Contract, State
from app.engine.runtime.session import IOBinding, OrtValue, tensor


class KvCache(Protocol):
    """Keys and values of the tokens that `Forward` counts."""

    def bind(self, binding: IOBinding) -> None:
        """Bind every past input and every present output."""
        ...

    def commit(self, binding: IOBinding, length: int) -> None:
        """Keep what a successful run wrote, after which `length` tokens are remembered."""
        ...

    def rewind(self, length: int) -> int:
        """Forget the tokens from position `length` on, and say how many are left.

        These may be fewer than `length`, where the place before has to be reached anew.
        """
        ...

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """A function that undoes rewinds to `start` or later, and runs that reach up to `stop`."""
        ...


class NoKv:
    """The cache of a model that reads the whole sequence in every run."""

    def bind(self, binding: IOBinding) -> None:
        """Nothing to bind."""

    def commit(self, binding: IOBinding, length: int) -> None:
        """Nothing to keep."""

    def rewind(self, length: int) -> int:
        """Nothing to forget."""
        return length

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Nothing to bring back."""
        return lambda: None


class GrowingKv:
    """One tensor per state with a place for every token, replaced by every run.

    With `opens_bare` the run that fills an empty cache is made by a graph without a past.
    """

    def __init__(self, contract: Contract, *, opens_bare: bool = False) -> None:
        self._states = contract.states
        self._empty = [tensor(empty(state)) for state in self._states]
        self._values = self._empty
        self._opens_bare = opens_bare

    def bind(self, binding: IOBinding) -> None:
        """Bind the present cache as the past, and let the runtime allocate the next one."""
        bare = self._opens_bare and self._values is self._empty
        for state, value in zip(self._states, self._values, strict=True):
            if not bare:
                binding.bind_ortvalue_input(state.past, value)
            binding.bind_output(state.present)

    def commit(self, binding: IOBinding, length: int) -> None:
        """Take over the outputs of the run; they stand behind the logits, in order."""
        outputs = binding.get_outputs()
        self._values = outputs[len(outputs) - len(self._states) :]

    def rewind(self, length: int) -> int:
        """Copy the first `length` positions, where there are more."""
        pairs = zip(self._values, self._states, strict=True)
        cuts = [cut(value, state, length) for value, state in pairs]
        self._values = cuts if length else self._empty
        return length

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Hold on to the present tensors, which nothing writes into."""
        values = self._values

        def restore() -> None:
            self._values = values

        return restore


def empty(state: State, positions: int = 0) -> np.ndarray:
    """Zeros for one row, with room for `positions` tokens where there is one place for each."""
    shape = list(state.shape)
    if state.axis is not None:
        shape[state.axis] = state.length or positions
    return np.zeros(shape, dtype=state.dtype)


def cut(value: OrtValue, state: State, length: int) -> OrtValue:
    """The first `length` places of a state, which is the value itself where it has no more."""
    assert state.axis is not None
    if value.shape()[state.axis] <= length:
        return value
    places = (slice(None),) * state.axis + (slice(length),)
    return tensor(value.numpy()[places].copy())
