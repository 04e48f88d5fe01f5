"""A decoder of a real size that copies: behind tokens that came before comes what followed them.

The decoder of `real_shapes.write_genai` with other weights in its two first layers, an induction
circuit: a token's code is a vector of random signs; the first layer's heads look one token back and
put that token's code beside the own one; those of the second find the place whose code beside is
the present token's, and add the code found there to the own one, stronger, for the tied head to
read. Feed-forward parts and the other layers add zeros: they cost what they always cost.

Source of the circuit: Olsson et al. 2022, In-context Learning and Induction Heads.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tests.benchmarks import real_shapes
from tests.benchmarks.real_shapes import BLOCK, Sizes

START = 0
"""A token that has to begin the text and must not come again: nothing is before the first one."""

_ZERO = 0x88  # two weights of 4 bits
_STRONGER = 4.0  # than the own code
_SHARP = 5.5  # gain of queries and of keys
_SLOW = 48  # the first pair of a head that turns slowly enough to be compared far away
_FAST = 16  # pairs of a head that tell one token back from every other distance
_HEADS = 3  # key-value heads that carry a code

_TIMES = 3  # a pair is told, so that it outweighs what follows it

Entry = tuple[int, int, float]
"""Row of the output, column of the input, weight."""


def write_copying(folder: Path, sizes: Sizes, seed: int = 0) -> Path:
    """Write the decoder, which needs norms of its heads and a context for what it copies."""
    real_shapes.write_genai(folder, sizes, seed)
    weights = _Weights(folder)
    code = _HEADS * sizes.head_size
    before, one = code, 2 * code  # where the code of the token before stands, and a constant 1
    weights.set_codes(sizes, code, one, seed)
    for layer in range(sizes.layers):
        weights.set(layer, "down", ())
        if layer > 1:
            weights.set(layer, "out", ())
    pairs = [(h, i) for h in range(sizes.heads) for i in range(_FAST)]
    weights.set(0, "query", _one_back(sizes, pairs, one))
    weights.set(0, "key", [(h * sizes.head_size + i, one, 1.0) for h, i in pairs])
    weights.set(0, "value", [(place, place, 1.0) for place in range(code)])
    weights.set(0, "out", _carried(sizes, before, (code + 1) / sizes.hidden))
    weights.set(1, "query", _compared(sizes, 0))
    weights.set(1, "key", _compared(sizes, before))
    weights.set(1, "value", [(place, place, 1.0) for place in range(code)])
    weights.set(1, "out", _carried(sizes, 0, _STRONGER**2 * (2 * code + 1) / sizes.hidden))
    for layer in (0, 1):
        weights.sharpen(layer)
    return folder


def text(length: int, sizes: Sizes, seed: int = 0) -> tuple[int, ...]:
    """Tokens, none twice, and the first of them again: they will be copied without end."""
    rng = np.random.default_rng(seed)
    ids = 1 + rng.permutation(sizes.vocabulary - 2)[:length]
    return (START, *ids.tolist(), *ids[:8].tolist())


def false_repeats(length: int, sizes: Sizes, seed: int = 0) -> tuple[int, ...]:
    """Tokens that will be followed by `length` others, each pair of which is in the text, though
    never with what comes behind it."""
    rng = np.random.default_rng(seed)
    ids = 1 + rng.permutation(sizes.vocabulary - 2)
    chain, others = ids[: length + 1].tolist(), iter(ids[length + 1 :].tolist())
    pairs = [(one, next_one) for one, next_one in pairwise(chain)] * _TIMES
    rng.shuffle(pairs)
    told = [token for pair in pairs for token in (*pair, next(others))]
    return (START, *map(int, told), *chain[:2])


def _one_back(sizes: Sizes, pairs: Iterable[tuple[int, int]], one: int) -> list[Entry]:
    """Queries that rotation turns onto the keys of the position before."""
    size, found = sizes.head_size, []
    for head, pair in pairs:
        turn = sizes.theta ** (-pair / (size // 2))
        found.append((head * size + pair, one, float(np.cos(turn))))
        found.append((head * size + size // 2 + pair, one, float(-np.sin(turn))))
    return found


def _compared(sizes: Sizes, start: int) -> list[Entry]:
    """A part of the code at `start` in the slowly turning pairs of every head."""
    size, half = sizes.head_size, sizes.head_size // 2
    places = [*range(_SLOW, half), *range(half + _SLOW, size)]
    return [
        (head * size + place, start + n, 1.0)
        for head in range(sizes.heads)
        for n, place in enumerate(places)
    ]


def _carried(sizes: Sizes, start: int, square: float) -> list[Entry]:
    """The first query head of each that carries a code writes it to `start`, times a root."""
    group, size = sizes.heads // sizes.kv_heads, sizes.head_size
    return [
        (start + head * size + place, group * head * size + place, square**0.5)
        for head in range(_HEADS)
        for place in range(size)
    ]


class _Weights:
    """The weights of a written decoder, by layer and by what they do."""

    NAMES = ("query", "key", "value", "out", "gate", "up", "down")

    def __init__(self, folder: Path) -> None:
        graph = onnx.load(str(folder / "model.onnx"), load_external_data=False).graph
        self._tensors = {each.name: each for each in graph.initializer}
        self._matrices = [each for each in graph.node if each.op_type == "MatMulNBits"]
        norms = [each for each in graph.node if each.op_type == "SimplifiedLayerNormalization"]
        self._head_norms = norms[1:]
        self._file = folder / "model.onnx.data"

    def set(self, layer: int, name: str, entries: Iterable[Entry]) -> None:
        """Let a matrix be zero but for `entries`, of which no block of a row has more than one."""
        node = self._matrices[layer * len(self.NAMES) + self.NAMES.index(name)]
        packed, scales = (self._array(each) for each in node.input[1:3])
        packed[...] = _ZERO
        rows = packed.shape[0]
        for row, column, weight in entries:
            if row >= rows:  # keys have fewer heads than queries
                continue
            block, place = divmod(column, BLOCK)
            _set_nibble(packed[row, block], place, 15 if weight > 0 else 1)
            scales.reshape(rows, -1)[row, block] = abs(weight) / 7
        self._flush(packed, scales)

    def set_codes(self, sizes: Sizes, code: int, one: int, seed: int) -> None:
        """Let the embedding be random signs at the first `code` places and 1 at the place `one`."""
        packed, scales = (self._array(each) for each in self._matrices[-1].input[1:3])
        rng = np.random.default_rng(seed)
        low, high = (rng.choice((1, 15), (sizes.vocabulary, code // 2)) for _ in "lh")
        packed[...] = _ZERO
        flat = packed.reshape(sizes.vocabulary, -1)
        flat[:, : code // 2] = low | high << 4
        flat[:, one // 2] = _ZERO & 0xF0 | 15
        scales[...] = 1 / 7
        self._flush(packed, scales)

    def sharpen(self, layer: int) -> None:
        """Let a layer's heads look at one place."""
        for node in self._head_norms[2 * layer : 2 * layer + 2]:
            gain = self._array(node.input[1])
            gain[...] = _SHARP
            self._flush(gain)

    def _array(self, name: str) -> np.memmap[Any, Any]:
        tensor = self._tensors[name]
        place = {each.key: each.value for each in tensor.external_data}
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        shape, offset = tuple(tensor.dims), int(place["offset"])
        return np.memmap(self._file, dtype, "r+", offset, shape)

    @staticmethod
    def _flush(*arrays: np.memmap[Any, Any]) -> None:
        for each in arrays:
            each.flush()


def _set_nibble(block: np.ndarray, place: int, value: int) -> None:
    byte, high = divmod(place, 2)
    block[byte] = block[byte] & 0x0F | value << 4 if high else block[byte] & 0xF0 | value
