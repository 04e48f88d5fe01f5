"""The key-value caches of several conversations in shared buffers, one row each.

Grouped-query graphs write new keys and values into buffers of a fixed capacity, so that the past
and the present are the same memory and a rewind is an integer. Neighbouring rows can be bound as
one batch; which conversation has which row may change, at the cost of a copy.
"""

from collections.abc import Callable, Sequence

import numpy as np

from app.engine.contract import Contract, State
from app.engine.runtime.memory import unwritten_zeros
from app.engine.runtime.session import IOBinding, OrtValue
from app.errors import OutOfMemory


class KvPool:
    """One buffer [slots, kv_heads, capacity, head_size] per state, bound as past and as present.

    The system gives memory only to the positions that have been written.

    Raises:
        OutOfMemory: the buffers do not fit.
    """

    def __init__(self, contract: Contract, slots: int, capacity: int) -> None:
        try:
            self._arrays = [
                unwritten_zeros(_shape(each, slots, capacity), each.dtype)
                for each in contract.states
            ]
        except MemoryError as error:
            raise OutOfMemory(
                f"There is not enough memory for a context of {capacity:,} tokens.",
                "Close other programs, or choose a smaller model.",
            ) from error
        self._states = contract.states
        self.caches = [SharedKv(self, row) for row in range(slots)]

    def bind(self, binding: IOBinding, start: int, count: int, *, appends: bool = False) -> None:
        """Bind rows `start` to `start + count`; once is enough for the life of `binding`.

        Where the graph `appends`, the runtime allocates the new positions that it gives.
        """
        for state, array in zip(self._states, self._arrays, strict=True):
            rows = array[start : start + count]
            memory = ("cpu", 0, state.dtype, rows.shape, rows.ctypes.data)
            binding.bind_input(state.past, *memory)
            if appends:
                binding.bind_output(state.present)
            else:
                binding.bind_output(state.present, *memory)

    def append(self, row: int, length: int, outputs: Sequence[OrtValue]) -> None:
        """Write new positions, of which the last `outputs` of a run have one for each state.

        They are [1, kv_heads, tokens, head_size] and end at `length`.
        """
        news = outputs[len(outputs) - len(self._states) :]
        for array, value in zip(self._arrays, news, strict=True):
            new = value.numpy()[0]
            array[row, :, length - new.shape[1] : length] = new

    def gather(self, chosen: Sequence[int], held: Sequence[int]) -> list[int]:
        """Move the `chosen` caches into neighbouring rows; returns them in the order of their rows.

        Caches go by their places in `caches`, and `held` says how many positions of each count.
        The rows are taken where the fewest positions have to be copied.
        """
        starts = range(len(self.caches) - len(chosen) + 1)
        start = min(starts, key=lambda at: self._moved(at, chosen, held))
        rows = range(start, start + len(chosen))
        outside = [each for each in chosen if self.caches[each].row not in rows]
        inside = [
            each
            for each, cache in enumerate(self.caches)
            if cache.row in rows and each not in chosen
        ]
        for one, other in zip(outside, inside, strict=True):
            self._swap(one, other, held)
        return sorted(chosen, key=lambda each: self.caches[each].row)

    def copy(self, source: int, target: int, start: int, stop: int) -> None:
        """Copy positions of one cache into another, by their places in `caches`."""
        rows = self.caches[source].row, self.caches[target].row
        for array in self._arrays:
            array[rows[1], :, start:stop] = array[rows[0], :, start:stop]

    def held(self, row: int, count: int) -> dict[str, np.ndarray]:
        """The first `count` positions of a row by the name of their past input, as views."""
        return {
            state.past: array[row, :, :count]
            for state, array in zip(self._states, self._arrays, strict=True)
        }

    def save(self, row: int, start: int, stop: int) -> Callable[[], None]:
        """Copy these positions; the returned function brings them back."""
        copies = [array[row, :, start:stop].copy() for array in self._arrays]

        def restore() -> None:
            for array, copy in zip(self._arrays, copies, strict=True):
                array[row, :, start:stop] = copy

        return restore

    def _moved(self, start: int, chosen: Sequence[int], held: Sequence[int]) -> int:
        """Positions to copy if `chosen` are to lie from row `start` on."""
        rows = range(start, start + len(chosen))
        return sum(
            held[each]
            for each, cache in enumerate(self.caches)
            if (cache.row in rows) != (each in chosen)
        )

    def _swap(self, one: int, other: int, held: Sequence[int]) -> None:
        mine, theirs = self.caches[one].row, self.caches[other].row
        for array in self._arrays:
            kept = array[mine, :, : held[one]].copy()
            array[mine, :, : held[other]] = array[theirs, :, : held[other]]
            array[theirs, :, : held[one]] = kept
        self.caches[one].row, self.caches[other].row = theirs, mine


class SharedKv:
    """One row of a pool; the graph is told how many of its positions count."""

    def __init__(self, pool: KvPool, row: int) -> None:
        self.row = row
        self.pool = pool

    def bind(self, binding: IOBinding) -> None:
        """Bind the row."""
        self.pool.bind(binding, self.row, 1)

    def commit(self, binding: IOBinding, length: int) -> None:
        """Nothing to do: the graph wrote into the buffers."""

    def rewind(self, length: int) -> int:
        """Nothing to do: positions that do not count are never read."""
        return length

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Copy these positions, the only ones that will be written over."""
        return self.pool.save(self.row, start, stop)


class AppendedKv(SharedKv):
    """A row in the hands of a graph that gives only its new positions."""

    def __init__(self, kv: SharedKv) -> None:
        super().__init__(kv.pool, kv.row)

    def bind(self, binding: IOBinding) -> None:
        """Bind the row as the past; the runtime allocates what is new."""
        self.pool.bind(binding, self.row, 1, appends=True)

    def commit(self, binding: IOBinding, length: int) -> None:
        """Copy what is new into the row."""
        self.pool.append(self.row, length, binding.get_outputs())


def _shape(state: State, slots: int, capacity: int) -> tuple[int, ...]:
    return (slots, state.kv_heads, state.length or capacity, state.head_size)
