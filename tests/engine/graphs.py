"""Small decoders of the Qwen3 kind as ONNX graphs and as folders, with weights drawn at random.

Two exports of the same network: `grouped` uses GroupQueryAttention with rotary tables inside,
as onnxruntime-genai and recent transformers.js exports do; `plain` spells attention out and grows
its cache by Concat, as optimum does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from tests.engine.reference import Shape, Weights, random_weights

Attend = Callable[[int, str, str, str], str]
"""Layer, q, k, v to the attended values, by name."""

_KEEP = "num_logits_to_keep"
_MICROSOFT = "com.microsoft"


@dataclass
class Builder:
    """Collects nodes and initializers; every operator returns the name of its first output."""

    dtype: type[np.generic]
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)

    def op(self, kind: str, *inputs: str, outputs: tuple[str, ...] = (), **attributes: Any) -> str:
        names = outputs or (f"{kind}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0]

    def constant(self, values: object, dtype: type[np.generic] = np.int64) -> str:
        return self.weight(f"constant_{len(self.initializers)}", np.asarray(values, dtype=dtype))

    def weight(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def stored(self, name: str, weights: Weights) -> str:
        return self.weight(name, weights[name].astype(self.dtype))


def grouped(
    shape: Shape,
    weights: Weights,
    *,
    dtype: type[np.generic] = np.float32,
    ids_dtype: type[np.generic] = np.int64,
    head_symbol: str | None = None,
    keep_shape: list[int | str] | None = None,
    direct: dict[str, list[int | str]] | None = None,
) -> ModelProto:
    """The network with fused attention; past keys come first, then past values, as genai builds.

    `head_symbol` leaves the cache's head size open under that name; with `keep_shape` the graph
    has an input num_logits_to_keep of that shape. `direct` gives the names and shapes of two
    inputs that state the lengths in place of a mask: of each row less one, and of the longest.
    """
    g = Builder(dtype)
    if direct:
        last, total = direct
        lengths = [value(name, np.int32, sizes) for name, sizes in direct.items()]
    else:
        last, total = _lengths(g, ids_dtype)
        lengths = [_mask_input(ids_dtype)]
    cos, sin = _rotary_tables(shape)
    tables = g.weight("cos", cos.astype(dtype)), g.weight("sin", sin.astype(dtype))

    def attend(layer: int, q: str, k: str, v: str) -> str:
        past = f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"
        present = f"present.{layer}.key", f"present.{layer}.value"
        return g.op(
            "GroupQueryAttention", q, k, v, *past, last, total, *tables,
            outputs=(f"attended_{layer}", *present),
            domain=_MICROSOFT, num_heads=shape.heads, kv_num_heads=shape.kv_heads, do_rotary=1,
        )  # fmt: skip

    _decoder(g, shape, weights, attend, keeps_last=keep_shape is not None)
    head: int | str = head_symbol or shape.head_size
    keep = [value(_KEEP, np.int64, keep_shape)] if keep_shape is not None else []
    inputs = [*keep, _ids_input(ids_dtype), *lengths, *_past(shape, dtype, head)]
    return _model(g, inputs, _outputs(shape, dtype, head))


def _lengths(g: Builder, dtype: type[np.generic]) -> tuple[str, str]:
    """What GroupQueryAttention asks for, computed from the mask."""
    lengths = g.op("ReduceSum", "attention_mask", g.constant([1]), keepdims=0)
    last = g.op("Cast", g.op("Sub", lengths, g.constant([1], dtype)), to=TensorProto.INT32)
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    return last, g.op("Cast", total, to=TensorProto.INT32)


def gathered(model: ModelProto) -> ModelProto:
    """The same graph with an input `logits_pos`: the positions whose logits it computes."""
    head = model.graph.node[-1]
    node = helper.make_node("Gather", [head.input[0], "logits_pos"], ["asked"], axis=1)
    head.input[0] = "asked"
    model.graph.node.insert(len(model.graph.node) - 1, node)
    model.graph.input.append(value("logits_pos", np.int64, ["asked"]))
    return model


def plain(
    shape: Shape,
    weights: Weights,
    *,
    dtype: type[np.generic] = np.float32,
    ids_dtype: type[np.generic] = np.int64,
) -> ModelProto:
    """The network with attention in standard operators, a growing cache and position ids."""
    g = Builder(dtype)
    cos, sin = _rotary_tables(shape)
    turns = [
        g.op("Unsqueeze", g.op("Gather", g.weight(name, table.astype(dtype)), "position_ids"),
             g.constant([1]))
        for name, table in (("cos", cos), ("sin", sin))
    ]  # fmt: skip
    mask = _causal_mask(g)
    scale = g.constant(shape.head_size**-0.5, dtype)

    def attend(layer: int, q: str, k: str, v: str) -> str:
        q = _rotate(g, _split_heads(g, q, shape.heads, shape), turns, shape)
        k = _rotate(g, _split_heads(g, k, shape.kv_heads, shape), turns, shape)
        v = _split_heads(g, v, shape.kv_heads, shape)
        k = g.op("Concat", f"past_key_values.{layer}.key", k,
                 outputs=(f"present.{layer}.key",), axis=2)  # fmt: skip
        v = g.op("Concat", f"past_key_values.{layer}.value", v,
                 outputs=(f"present.{layer}.value",), axis=2)  # fmt: skip
        k, v = (_repeat_heads(g, each, shape) for each in (k, v))
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = g.op("Add", g.op("Mul", scores, scale), mask)
        mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
        mixed = g.op("Transpose", mixed, perm=[0, 2, 1, 3])
        return g.op("Reshape", mixed, g.constant([0, 0, shape.heads * shape.head_size]))

    _decoder(g, shape, weights, attend)
    positions = value("position_ids", ids_dtype, ["batch_size", "sequence_length"])
    inputs = [_ids_input(ids_dtype), _mask_input(ids_dtype), positions]
    inputs += _past(shape, dtype, shape.head_size)
    return _model(g, inputs, _outputs(shape, dtype, shape.head_size))


def write_folder(
    folder: Path,
    graph: ModelProto,
    shape: Shape,
    *,
    file: str = "model.onnx",
    external_data: str | None = None,
) -> Path:
    """Write config.json and the graph, its weights beside it under `external_data` if named."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": "qwen3",
        "max_position_embeddings": shape.context,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "hidden_size": shape.hidden,
        "vocab_size": shape.vocabulary,
        "eos_token_id": 1,
    }
    (folder / "config.json").write_text(json.dumps(config))
    copy = ModelProto.FromString(graph.SerializeToString())
    if external_data:
        onnx.save(copy, str(path), save_as_external_data=True, location=external_data,
                  size_threshold=256)  # fmt: skip
    else:
        onnx.save(copy, str(path))
    return folder


def small_model(folder: Path, shape: Shape | None = None, seed: int = 0) -> Path:
    """A folder with a grouped decoder and no tokenizer; runs by ids."""
    shape = shape or Shape()
    return write_folder(folder, grouped(shape, random_weights(shape, seed)), shape)


def _decoder(
    g: Builder, shape: Shape, weights: Weights, attend: Attend, keeps_last: bool = False
) -> None:
    """Embedding, layers and tied head, written to the output `logits`."""
    embed = g.stored("embed", weights)
    x = g.op("Gather", embed, "input_ids")
    for layer in range(shape.layers):
        h = _rms(g, x, g.stored(f"{layer}.attention_norm", weights), shape)
        q, k, v = (
            g.op("MatMul", h, g.stored(f"{layer}.{name}", weights)) for name in ("q", "k", "v")
        )
        q = _head_norm(g, q, g.stored(f"{layer}.q_norm", weights), shape.heads, shape)
        k = _head_norm(g, k, g.stored(f"{layer}.k_norm", weights), shape.kv_heads, shape)
        h = g.op("MatMul", attend(layer, q, k, v), g.stored(f"{layer}.o", weights))
        x = g.op("Add", x, h)
        h = _rms(g, x, g.stored(f"{layer}.mlp_norm", weights), shape)
        gate = g.op("MatMul", h, g.stored(f"{layer}.gate", weights))
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        h = g.op("Mul", gate, g.op("MatMul", h, g.stored(f"{layer}.up", weights)))
        x = g.op("Add", x, g.op("MatMul", h, g.stored(f"{layer}.down", weights)))
    x = _rms(g, x, g.stored("norm", weights), shape)
    if keeps_last:
        first = g.op("Neg", g.op("Reshape", _KEEP, g.constant([1])))
        x = g.op("Slice", x, first, g.constant([2**31]), g.constant([1]))
    g.op("MatMul", x, g.op("Transpose", embed, perm=[1, 0]), outputs=("logits",))


def _rms(g: Builder, x: str, gain: str, shape: Shape) -> str:
    return g.op("SimplifiedLayerNormalization", x, gain, axis=-1, epsilon=shape.eps, stash_type=1)


def _head_norm(g: Builder, x: str, gain: str, heads: int, shape: Shape) -> str:
    split = g.op("Reshape", x, g.constant([0, 0, heads, shape.head_size]))
    normed = _rms(g, split, gain, shape)
    return g.op("Reshape", normed, g.constant([0, 0, heads * shape.head_size]))


def _split_heads(g: Builder, x: str, heads: int, shape: Shape) -> str:
    split = g.op("Reshape", x, g.constant([0, 0, heads, shape.head_size]))
    return g.op("Transpose", split, perm=[0, 2, 1, 3])


def _rotate(g: Builder, x: str, turns: list[str], shape: Shape) -> str:
    half = shape.head_size // 2
    axis, zero = g.constant([3]), g.constant([0])
    middle, end = g.constant([half]), g.constant([2 * half])
    first, second = g.op("Slice", x, zero, middle, axis), g.op("Slice", x, middle, end, axis)
    cos, sin = turns
    left = g.op("Sub", g.op("Mul", first, cos), g.op("Mul", second, sin))
    right = g.op("Add", g.op("Mul", second, cos), g.op("Mul", first, sin))
    return g.op("Concat", left, right, axis=3)


def _repeat_heads(g: Builder, x: str, shape: Shape) -> str:
    group = shape.heads // shape.kv_heads
    order = [head // group for head in range(shape.heads)]
    return g.op("Gather", x, g.constant(order), axis=1)


def _causal_mask(g: Builder) -> str:
    """0 where a key may be seen and a large negative number elsewhere, [B, 1, new, total]."""
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    keys = g.op("Range", g.constant(0), total, g.constant(1))
    positions = g.op("Cast", "position_ids", to=TensorProto.INT64)
    queries = g.op("Unsqueeze", positions, g.constant([2]))
    seen = g.op("LessOrEqual", keys, queries)
    real = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant([1])), to=TensorProto.BOOL)
    allowed = g.op("Unsqueeze", g.op("And", seen, real), g.constant([1]))
    return g.op("Where", allowed, g.constant(0, g.dtype), g.constant(-30_000, g.dtype))


def _rotary_tables(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    half = shape.head_size // 2
    angles = np.outer(np.arange(shape.context), shape.theta ** (-np.arange(half) / half))
    return np.cos(angles), np.sin(angles)


def value(name: str, dtype: type[np.generic], shape: list[int | str]) -> ValueInfoProto:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
    )


def _ids_input(dtype: type[np.generic]) -> ValueInfoProto:
    return value("input_ids", dtype, ["batch_size", "sequence_length"])


def _mask_input(dtype: type[np.generic]) -> ValueInfoProto:
    return value("attention_mask", dtype, ["batch_size", "total_sequence_length"])


def _past(shape: Shape, dtype: type[np.generic], head: int | str) -> list[ValueInfoProto]:
    sizes: list[int | str] = ["batch_size", shape.kv_heads, "past_sequence_length", head]
    return [
        value(f"past_key_values.{layer}.{side}", dtype, sizes)
        for side in ("key", "value")
        for layer in range(shape.layers)
    ]


def _outputs(shape: Shape, dtype: type[np.generic], head: int | str) -> list[ValueInfoProto]:
    logits = value("logits", dtype, ["batch_size", "sequence_length", shape.vocabulary])
    sizes: list[int | str] = ["batch_size", shape.kv_heads, "total_sequence_length", head]
    present = [
        value(f"present.{layer}.{side}", dtype, sizes)
        for side in ("key", "value")
        for layer in range(shape.layers)
    ]
    return [logits, *present]


def _model(g: Builder, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> ModelProto:
    graph: GraphProto = helper.make_graph(g.nodes, "decoder", inputs, outputs, g.initializers)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
