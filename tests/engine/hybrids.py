"""Layers that remember in a state of a fixed size, as graphs and as plain recurrences in numpy."""

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper

from tests.engine.graphs import MICROSOFT, Builder
from tests.engine.reference import Shape, attend

SHAPE = Shape()
_KEYS, _SIZE = SHAPE.kv_heads, SHAPE.head_size
_WIDTH = _KEYS * _SIZE
_TAPS = 3
_KERNEL = np.random.default_rng(8).standard_normal((2 * _WIDTH, _TAPS)).astype(np.float32) / 2
_SHRINK = 0.1  # of keys, so that recurrences stay bounded
States = list[tuple[str, str, list[int | str]]]


@dataclass(frozen=True)
class Convolution:
    """Keys and values beside each other, each channel mixed over the last tokens, gated by the
    queries. As LFM2 does, the state holds as many columns as there are taps."""

    attends = False
    dtype = np.float32

    def mix(self, g: Builder, layer: int, q: str, k: str, v: str) -> str:
        columns = g.op("Transpose", g.op("Concat", k, v, axis=2), perm=[0, 2, 1])
        all_columns = g.op("Concat", f"past_conv.{layer}", columns, axis=2)
        axis, end = g.constant([2]), g.constant([2**31])
        g.op("Slice", all_columns, g.constant([-_TAPS]), end, axis,
             outputs=(f"present_conv.{layer}",))  # fmt: skip
        latest = g.op("Slice", all_columns, g.constant([1]), end, axis)
        kernel = g.weight(f"kernel_{layer}", _KERNEL[:, None])
        mixed = g.op("Conv", latest, kernel, group=2 * _WIDTH)
        return g.op("Mul", g.op("Transpose", mixed, perm=[0, 2, 1]), q)

    def states(self, layer: int) -> States:
        return [(f"past_conv.{layer}", f"present_conv.{layer}", ["batch_size", 2 * _WIDTH, _TAPS])]

    def reference(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        return _convolved(_flat(k), _flat(v)) * _flat(q)


@dataclass(frozen=True)
class Recurrence:
    """Convolved keys and values written into a matrix per head, which the queries read.

    `rule` is LinearAttention's: gated_delta as in Qwen3.5, gated as in state space layers.
    `pasts` and `presents` name the convolution's state and the matrix; with `attends` the layer
    also attends. `dtype` is how the states are stored.
    """

    rule: str
    pasts: tuple[str, str]
    presents: tuple[str, str]
    attends: bool = False
    dtype: type[np.generic] = np.float32

    def mix(self, g: Builder, layer: int, q: str, k: str, v: str) -> str:
        pasts, presents = self._names(layer)
        conv, matrix = (self._own(g, name) for name in pasts)
        columns = g.op("Transpose", g.op("Concat", k, v, axis=2), perm=[0, 2, 1])
        kernel = g.weight(f"kernel_{layer}", _KERNEL[:, None])
        mixed = g.op("CausalConvWithState", columns, kernel, "", conv,
                     outputs=(f"convolved_{layer}", self._inner(presents[0])),
                     domain=MICROSOFT)  # fmt: skip
        rows = g.op("Transpose", mixed, perm=[0, 2, 1])
        keys, values = (_part(g, rows, at, at + _WIDTH) for at in (0, _WIDTH))
        keys = g.op("Mul", keys, g.constant(_SHRINK, g.dtype))
        decay = g.op("Neg", g.op("Sigmoid", _part(g, v, 0, _KEYS)))
        beta = g.op("Sigmoid", _part(g, k, 0, _KEYS)) if self.rule == "gated_delta" else ""
        read = g.op("LinearAttention", q, keys, values, matrix, decay, beta,
                    outputs=(f"read_{layer}", self._inner(presents[1])),
                    domain=MICROSOFT, update_rule=self.rule, scale=1.0,
                    q_num_heads=SHAPE.heads, kv_num_heads=_KEYS)  # fmt: skip
        for name in presents:
            if self._inner(name) != name:
                to = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
                g.op("Cast", self._inner(name), outputs=(name,), to=to)
        return read

    def _own(self, g: Builder, past: str) -> str:
        """The past in the type of the layers."""
        if self.dtype is np.float32:
            return past
        return g.op("Cast", past, to=TensorProto.FLOAT)

    def _inner(self, present: str) -> str:
        """The present before it is stored."""
        return present if self.dtype is np.float32 else f"{present}_inner"

    def states(self, layer: int) -> States:
        pasts, presents = self._names(layer)
        return [
            (pasts[0], presents[0], ["batch_size", 2 * _WIDTH, _TAPS - 1]),
            (pasts[1], presents[1], ["batch_size", _KEYS, _SIZE, _SIZE]),
        ]

    def reference(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        columns = _convolved(_flat(k), _flat(v))
        keys, values = _split(columns[:, :_WIDTH]) * _SHRINK, _split(columns[:, _WIDTH:])
        decay, beta = np.exp(-_sigmoid(_flat(v)[:, :_KEYS])), _sigmoid(_flat(k)[:, :_KEYS])
        group = SHAPE.heads // _KEYS
        read = np.zeros_like(q)
        for head in range(_KEYS):
            matrix = np.zeros((_SIZE, _SIZE))
            for at, (key, value) in enumerate(zip(keys[head], values[head], strict=True)):
                matrix = matrix * decay[at, head]
                if self.rule == "gated_delta":
                    value = beta[at, head] * (value - key @ matrix)
                matrix = matrix + np.outer(key, value)
                for query in range(head * group, (head + 1) * group):
                    read[query, at] = q[query, at] @ matrix
        return _flat(read) + attend(q, k, v, SHAPE) if self.attends else _flat(read)

    def _names(self, layer: int) -> tuple[list[str], list[str]]:
        return [name % layer for name in self.pasts], [name % layer for name in self.presents]


def _part(g: Builder, x: str, start: int, stop: int) -> str:
    return g.op("Slice", x, g.constant([start]), g.constant([stop]), g.constant([2]))


def _convolved(k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """[n, 2 * width], each channel a weighted sum over its last values."""
    columns = np.concatenate([k, v], axis=1)
    padded = np.concatenate([np.zeros((_TAPS - 1, columns.shape[1])), columns])
    taps = [padded[tap : tap + len(columns)] * _KERNEL[:, tap] for tap in range(_TAPS)]
    return np.sum(taps, axis=0)


def _flat(heads: np.ndarray) -> np.ndarray:
    return heads.transpose(1, 0, 2).reshape(heads.shape[1], -1)


def _split(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), _KEYS, _SIZE).transpose(1, 0, 2)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
