"""Decoders whose attention is spelled out as exporters spell it: each part in the ways that the
exports of torch, optimum and transformers.js have it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto, helper

from tests.engine.graphs import Builder, value
from tests.engine.reference import Shape, Weights, random_weights

LEAST = float(np.finfo(np.float32).min)
MICROSOFT = "com.microsoft"


@dataclass(frozen=True)
class Style:
    """How attention is spelled.

    `rotary`: `halves`, `interleaved`, `partial` (half of a head), `operator` or `none`; `repeat`:
    `expand` or `gather`; `mask`: `where` (positions compared), `flat` (a padded mask gathered,
    -inf, and NaN put right), `open` (nothing hidden) or `slanted` (ALiBi); `norms`: `none`,
    `tokens_first` or `heads_first`; `core`: `softmax`, `capped` or `multi` (MultiHeadAttention).
    """

    rotary: str = "halves"
    repeat: str = "expand"
    mask: str = "where"
    norms: str = "none"
    core: str = "softmax"
    window: int = 0
    scale: float = 0.0


def decoder(style: Style, shape: Shape | None = None, seed: int = 0) -> ModelProto:
    """A decoder with random weights, in float32."""
    shape = shape or Shape()
    weights = random_weights(shape, seed)
    g = Builder(np.float32)
    writer = _Writer(g, style, shape)
    x = g.op("Gather", g.stored("embed", weights), "input_ids")
    for layer in range(shape.layers):
        x = g.op("Add", x, writer.attention(_norm(g, x, f"{layer}.attention_norm", weights), layer,
                                            weights))  # fmt: skip
        h = _norm(g, x, f"{layer}.mlp_norm", weights)
        gate = g.op("MatMul", h, g.stored(f"{layer}.gate", weights))
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        h = g.op("Mul", gate, g.op("MatMul", h, g.stored(f"{layer}.up", weights)))
        x = g.op("Add", x, g.op("MatMul", h, g.stored(f"{layer}.down", weights)))
    head = g.op("Transpose", "embed", perm=[1, 0])
    g.op("MatMul", _norm(g, x, "norm", weights), head, outputs=("logits",))
    return _model(g, shape)


def pairs(shape: Shape) -> dict[str, str]:
    """Each past input and the present output that continues it."""
    sides = [(layer, side) for layer in range(shape.layers) for side in ("key", "value")]
    return {f"past_key_values.{i}.{side}": f"present.{i}.{side}" for i, side in sides}


class _Writer:
    def __init__(self, g: Builder, style: Style, shape: Shape) -> None:
        self._g, self._style, self._shape = g, style, shape
        self._turns = self._tables() if style.rotary != "none" else []
        masks: dict[str, Callable[[], str]] = {
            "where": self._where, "flat": self._flat, "open": self._open, "slanted": self._slanted
        }  # fmt: skip
        self._mask = masks[style.mask]()

    def attention(self, x: str, layer: int, weights: Weights) -> str:
        g = self._g
        q, k, v = (g.op("MatMul", x, g.stored(f"{layer}.{name}", weights)) for name in "qkv")
        q, k = (
            self._heads(q, f"{layer}.q_norm", weights),
            self._heads(k, f"{layer}.k_norm", weights),
        )
        q, k, v = self._turned(q), self._turned(k), self._heads(v, "", weights)
        past, present = self._names("past_key_values", layer), self._names("present", layer)
        if self._style.core == "multi":
            mixed = self._multi(q, k, v, past, present)
        else:
            k = g.op("Concat", past[0], k, outputs=present[:1], axis=-2)
            v = g.op("Concat", past[1], v, outputs=present[1:], axis=-2)
            mixed = self._soft(q, self._repeated(k), self._repeated(v))
        return g.op("MatMul", mixed, g.stored(f"{layer}.o", weights))

    def _names(self, prefix: str, layer: int) -> tuple[str, str]:
        return f"{prefix}.{layer}.key", f"{prefix}.{layer}.value"

    def _heads(self, x: str, norm: str, weights: Weights) -> str:
        g, size = self._g, self._shape.head_size
        x = g.op("Reshape", x, g.constant([0, 0, -1, size]))
        if norm and self._style.norms == "tokens_first":
            x = _norm(g, x, norm, weights)
        x = g.op("Transpose", x, perm=[0, 2, 1, 3])
        return _norm(g, x, norm, weights) if norm and self._style.norms == "heads_first" else x

    def _turned(self, x: str) -> str:
        g, style, size = self._g, self._style, self._shape.head_size
        if style.rotary == "none":
            return x
        if style.rotary == "operator":
            return g.op("RotaryEmbedding", x, "position_ids", *self._turns, domain=MICROSOFT)
        turned = size // 2 if style.rotary == "partial" else size
        kept = self._slice(x, turned, 2**62) if turned < size else ""
        x = self._slice(x, 0, turned) if kept else x
        if style.rotary == "interleaved":
            first, second = self._slice(x, 0, turned, 2), self._slice(x, 1, turned, 2)
            both = [
                g.op("Unsqueeze", each, g.constant([4])) for each in (g.op("Neg", second), first)
            ]
            other = g.op("Reshape", g.op("Concat", *both, axis=4), g.constant([0, 0, 0, size]))
        else:
            middle = turned // 2
            second, first = self._slice(x, middle, 2**62), self._slice(x, 0, middle)
            other = g.op("Concat", g.op("Neg", second), first, axis=-1)
        cos, sin = self._turns
        x = g.op("Add", g.op("Mul", x, cos), g.op("Mul", other, sin))
        return g.op("Concat", x, kept, axis=-1) if kept else x

    def _slice(self, x: str, start: int, stop: int, step: int = 1) -> str:
        bounds = (self._g.constant([each]) for each in (start, stop, 3, step))
        return self._g.op("Slice", x, *bounds)

    def _tables(self) -> list[str]:
        g, shape, style = self._g, self._shape, self._style
        size = shape.head_size // (2 if style.rotary == "partial" else 1)
        speeds = shape.theta ** (-np.arange(size // 2) / (size // 2))
        if style.rotary == "operator":
            angles = np.outer(np.arange(shape.context), speeds)
            return [g.constant(np.cos(angles), np.float32), g.constant(np.sin(angles), np.float32)]
        column = g.constant(speeds.reshape(1, -1, 1), np.float32)
        row = g.op("Cast", g.op("Unsqueeze", "position_ids", g.constant([1])), to=TensorProto.FLOAT)
        angles = g.op("Transpose", g.op("MatMul", column, row), perm=[0, 2, 1])
        if style.rotary == "interleaved":
            angles = g.op("Gather", angles, g.constant(np.arange(size) // 2), axis=2)
        else:
            angles = g.op("Concat", angles, angles, axis=-1)
        return [g.op("Unsqueeze", g.op(kind, angles), g.constant([1])) for kind in ("Cos", "Sin")]

    def _repeated(self, x: str) -> str:
        g, shape = self._g, self._shape
        group = shape.heads // shape.kv_heads
        if self._style.repeat == "gather":
            return g.op("Gather", x, g.constant(np.arange(shape.heads) // group), axis=1)
        sizes = [g.op("Gather", g.op("Shape", x), g.constant([axis]), axis=0) for axis in range(4)]
        wide = [*sizes[:2], g.constant([group]), *sizes[2:]]
        x = g.op("Unsqueeze", x, g.constant([2]))
        x = g.op("Expand", x, g.op("Concat", *wide, axis=0))
        heads = g.op("Mul", sizes[1], g.constant([group]))
        return g.op("Reshape", x, g.op("Concat", sizes[0], heads, *sizes[2:], axis=0))

    def _soft(self, q: str, k: str, v: str) -> str:
        g, style = self._g, self._style
        root = g.constant((style.scale or self._shape.head_size**-0.5) ** 0.5, np.float32)
        k = g.op("Mul", g.op("Transpose", k, perm=[0, 1, 3, 2]), root)
        scores = g.op("MatMul", g.op("Mul", q, root), k)
        if style.core == "capped":
            cap = g.constant(2.0, np.float32)
            scores = g.op("Mul", g.op("Tanh", g.op("Div", scores, cap)), cap)
        weights = g.op("Softmax", g.op("Add", scores, self._mask), axis=-1)
        if style.mask == "flat":
            zero = g.constant([0.0], np.float32)
            weights = g.op("Where", g.op("IsNaN", weights), zero, weights)
        mixed = g.op("Transpose", g.op("MatMul", weights, v), perm=[0, 2, 1, 3])
        return g.op("Reshape", mixed, g.constant([0, 0, -1]))

    def _multi(
        self, q: str, k: str, v: str, past: tuple[str, str], present: tuple[str, str]
    ) -> str:
        g, shape = self._g, self._shape
        flat = (g.op("Transpose", each, perm=[0, 2, 1, 3]) for each in (q, k, v))
        sides = [g.op("Reshape", each, g.constant([0, 0, -1])) for each in flat]
        return g.op(
            "MultiHeadAttention", *sides, "", "", self._mask, *past, domain=MICROSOFT,
            outputs=(f"mixed_{past[0]}", *present), num_heads=shape.heads,
        )  # fmt: skip

    def _seen(self) -> str:
        """Whether a query may see a key, [rows, new, total]."""
        g = self._g
        width = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
        keys = g.op("Range", g.constant(0), width, g.constant(1))
        queries = g.op("Unsqueeze", "position_ids", g.constant([2]))
        seen = g.op("LessOrEqual", keys, queries)
        if self._style.window:
            oldest = g.op("Sub", queries, g.constant(self._style.window))
            seen = g.op("And", seen, g.op("Greater", keys, oldest))
        return seen

    def _where(self) -> str:
        g = self._g
        real = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant([1])),
                    to=TensorProto.BOOL)  # fmt: skip
        seen = g.op("Unsqueeze", g.op("And", self._seen(), real), g.constant([1]))
        return g.op("Where", seen, g.constant(0, np.float32), g.constant(LEAST, np.float32))

    def _flat(self) -> str:
        g = self._g
        old = g.op("Gather", g.op("Shape", "past_key_values.0.key"), g.constant(2), axis=0)
        new = g.op("Gather", g.op("Shape", "input_ids"), g.constant(1), axis=0)
        total = g.op("Add", old, new)
        keys = g.op("Range", g.constant(0), total, g.constant(1))
        queries = g.op("Unsqueeze", g.op("Range", old, total, g.constant(1)), g.constant([1]))
        mask = g.op("Flatten", g.op("Cast", "attention_mask", to=TensorProto.BOOL), axis=2)
        real = g.op("Reshape", g.op("Gather", mask, keys, axis=0), g.constant([1, -1]))
        seen = g.op("And", g.op("LessOrEqual", keys, queries), real)
        seen = g.op("Unsqueeze", seen, g.constant([0, 1]))
        return g.op("Where", seen, g.constant(0, np.float32), g.constant(-np.inf, np.float32))

    def _open(self) -> str:
        g = self._g
        real = g.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        hidden = g.op("Sub", g.constant(1, np.float32), real)
        return g.op("Unsqueeze", g.op("Mul", hidden, g.constant(LEAST, np.float32)),
                    g.constant([1, 2]))  # fmt: skip

    def _slanted(self) -> str:
        g = self._g
        width = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
        keys = g.op("Range", g.constant(0), width, g.constant(1))
        slope = g.op("Mul", g.op("Cast", keys, to=TensorProto.FLOAT), g.constant(0.1, np.float32))
        return g.op("Add", self._where(), slope)


def _norm(g: Builder, x: str, name: str, weights: Weights) -> str:
    power = g.op("Pow", x, g.constant(2.0, np.float32))
    mean = g.op("ReduceMean", power, g.constant([-1]), keepdims=1)
    root = g.op("Sqrt", g.op("Add", mean, g.constant(1e-6, np.float32)))
    normed = g.op("Mul", x, g.op("Div", g.constant(1.0, np.float32), root))
    return g.op("Mul", g.stored(name, weights), normed)


def _model(g: Builder, shape: Shape) -> ModelProto:
    old: list[int | str] = ["batch", shape.kv_heads, "past", shape.head_size]
    new: list[int | str] = ["batch", shape.kv_heads, "past + new", shape.head_size]
    tokens, total = ["batch", "new"], ["batch", "past + new"]
    names = {"input_ids": tokens, "attention_mask": total, "position_ids": tokens}
    inputs = [value(name, np.int64, [*sizes]) for name, sizes in names.items()]
    inputs += [value(name, np.float32, old) for name in pairs(shape)]
    logits = value("logits", np.float32, ["batch", "new", shape.vocabulary])
    outputs = [logits, *(value(name, np.float32, new) for name in pairs(shape).values())]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    graph = helper.make_graph(g.nodes, "decoder", inputs, outputs, g.initializers)
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
