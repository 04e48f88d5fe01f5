"""Rotary tables, read off what an attention makes of single ones at every position.

A pair of channels (a, b) at position p becomes (a cos - b sin, b cos + a sin), so that a one in
every first channel leaves the cosines there and the sines in the second ones. RoFormer
(arXiv:2104.09864); pairs lie half a head apart, or beside each other where interleaved.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper, numpy_helper

STEP = 16
"""Turned channels must be a multiple of this for `GroupQueryAttention`."""


@dataclass(frozen=True, slots=True, eq=False)
class Rotary:
    """Cosines and sines float32 [positions, pairs]; channels beyond the pairs stay as they are."""

    cosines: np.ndarray
    sines: np.ndarray
    interleaved: bool

    @property
    def turns(self) -> bool:
        """Whether anything turns at all."""
        return bool(self.sines.any()) or not np.all(self.cosines == 1)

    def weights(self, names: tuple[str, str], kind: int = TensorProto.FLOAT) -> list[TensorProto]:
        """The tables as stored weights of the element type `kind`."""
        dtype = helper.tensor_dtype_to_np_dtype(kind)
        return [
            numpy_helper.from_array(np.ascontiguousarray(table, dtype), name)
            for name, table in zip(names, (self.cosines, self.sines), strict=True)
        ]


def rotaries(head_size: int) -> Iterator[tuple[bool, int]]:
    """Interleaved or not, and how many channels turn: all of them first."""
    for size in range(head_size // STEP * STEP, 0, -STEP):
        yield False, size
        yield True, size


def basis(head_size: int, size: int, interleaved: bool) -> np.ndarray:
    """A head with ones in the first channel of each pair, float32 [head_size]."""
    ones = np.zeros(head_size, np.float32)
    ones[_firsts(size, interleaved)] = 1
    return ones


def read_tables(turned: np.ndarray, size: int, interleaved: bool) -> Rotary | None:
    """The tables in turned ones [positions, head_size]; None where other channels changed."""
    firsts = _firsts(size, interleaved)
    seconds = firsts + (1 if interleaved else size // 2)
    if turned[:, size:].any():
        return None
    return Rotary(turned[:, firsts], turned[:, seconds], interleaved)


def _firsts(size: int, interleaved: bool) -> np.ndarray:
    return np.arange(0, size, 2) if interleaved else np.arange(size // 2)
