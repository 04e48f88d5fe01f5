"""The cache of models that remember some layers token by token and others in a state of a fixed
size: convolutions, linear attention, state space layers, sliding windows.

A state of a fixed size cannot be cut back. Copies of it are kept on the way, so that a rewind goes
to the last copy before the wanted place; what lies between has to be run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.cache.kv import cut, empty
from app.engine.contract import Contract, State
from app.engine.runtime.session import IOBinding, OrtValue, tensor

_MOST_SNAPSHOTS = 16
_FEWEST_SNAPSHOTS = 4
_SNAPSHOT_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The states that keep only what came last, as they were after `length` tokens."""

    length: int
    latest: tuple[OrtValue, ...]


class HybridKv:
    """The states of one conversation, whatever each of them keeps.

    Those that the graph may write in place have `capacity` positions; the others are replaced by
    every run, so that a snapshot is a reference.
    """

    def __init__(self, contract: Contract, capacity: int) -> None:
        self._states = contract.states
        self._arrays = {
            state.past: empty(state, capacity) for state in contract.states if state.in_place
        }
        self._values = [tensor(self._arrays.get(each.past, empty(each))) for each in self._states]
        self._length = 0
        self._snapshots = [self._snapshot(0)]
        self._most = _affordable(contract.states)

    def bind(self, binding: IOBinding) -> None:
        """Bind the present states as the past; the runtime allocates what is not in place."""
        for state, value in zip(self._states, self._values, strict=True):
            binding.bind_ortvalue_input(state.past, value)
            if state.in_place:
                binding.bind_ortvalue_output(state.present, value)
            else:
                binding.bind_output(state.present)

    def commit(self, binding: IOBinding, length: int) -> None:
        """Take over the outputs of the run; they stand behind the logits, in order."""
        outputs = binding.get_outputs()
        self._values = outputs[len(outputs) - len(self._states) :]
        self._length = length
        self._snapshots.append(self._snapshot(length))
        if len(self._snapshots) > self._most:
            del self._snapshots[_dispensable([each.length for each in self._snapshots])]

    def rewind(self, length: int) -> int:
        """Go back to the last snapshot of `length` tokens or fewer."""
        if length >= self._length:
            return self._length
        self._snapshots = [each for each in self._snapshots if each.length <= length]
        snapshot = self._snapshots[-1]
        latest = iter(snapshot.latest)
        self._values = [
            self._rewound(state, value, snapshot.length) if state.axis is not None else next(latest)
            for state, value in zip(self._states, self._values, strict=True)
        ]
        self._length = snapshot.length
        return self._length

    def save(self, start: int, stop: int) -> Callable[[], None]:
        """Hold on to the tensors, and copy the positions that will be written over in place."""
        first = max(each.length for each in self._snapshots if each.length <= start)
        before = self._values, self._length, list(self._snapshots)
        copies = {name: array[:, :, first:stop].copy() for name, array in self._arrays.items()}

        def restore() -> None:
            self._values, self._length, self._snapshots = before
            for name, copy in copies.items():
                self._arrays[name][:, :, first:stop] = copy

        return restore

    def _snapshot(self, length: int) -> _Snapshot:
        pairs = zip(self._states, self._values, strict=True)
        return _Snapshot(length, tuple(value for state, value in pairs if state.axis is None))

    def _rewound(self, state: State, value: OrtValue, length: int) -> OrtValue:
        return value if state.in_place else cut(value, state, length)


def _affordable(states: Sequence[State]) -> int:
    """How many snapshots to keep."""
    size = sum(empty(state).nbytes for state in states if state.axis is None)
    return int(np.clip(_SNAPSHOT_BYTES // max(1, size), _FEWEST_SNAPSHOTS, _MOST_SNAPSHOTS))


def _dispensable(lengths: Sequence[int]) -> int:
    """The snapshot to drop, so that the others lie the closer the nearer they are to the end.

    A rewind by some tokens then runs again about as many at most. The first and the last stay.
    """
    end = lengths[-1]

    def gap(index: int) -> float:
        return (lengths[index + 1] - lengths[index - 1]) / (end - lengths[index - 1])

    return min(range(1, len(lengths) - 1), key=gap)
