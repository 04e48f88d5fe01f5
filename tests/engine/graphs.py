"""Small decoders of the Qwen3 kind as ONNX graphs and as folders, with weights drawn at random.

Two exports of the same network: `grouped` uses GroupQueryAttention with rotary tables inside,
as onnxruntime-genai and recent transformers.js exports do; `plain` spells attention out and grows
its cache by Concat, as optimum does.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from tests.engine.reference import Shape, Weights, random_weights

Attend = Callable[[int, str, str, str], str]
"""Layer, q, k, v to the attended values, by name."""

Positions = Callable[["Builder", type[np.generic]], tuple[str, list[ValueInfoProto]]]
"""Builder and integer type to the name of the positions, [1, new], and the inputs they take."""


class Mixer(Protocol):
    """A layer's way to mix tokens that is not attention, or not attention alone."""

    @property
    def attends(self) -> bool:
        """Whether the layer attends as well."""
        ...

    @property
    def dtype(self) -> type[np.generic]:
        """The type of its states."""
        ...

    def mix(self, g: "Builder", layer: int, q: str, k: str, v: str) -> str:
        """The mixed values [B, new, heads * size] of queries, keys and values, by name."""
        ...

    def states(self, layer: int) -> list[tuple[str, str, list[int | str]]]:
        """Its pasts, the presents that continue them, and their shape."""
        ...


EMBEDDINGS = "inputs_embeds"
LAYER_EMBEDDINGS = "per_layer_inputs"
_KEEP = "num_logits_to_keep"
MICROSOFT = "com.microsoft"


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


@dataclass(frozen=True)
class LongRope:
    """The base of the angles once more than `switch` tokens are in the cache."""

    switch: int
    theta: float


class Past:
    """How a plain graph keeps keys and values [B, kv_heads, n, head_size]: here in two tensors per
    layer that grow by Concat."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        """All keys and values, once the new ones are with the old."""
        sides = zip(("key", "value"), (k, v), strict=True)
        k, v = (
            g.op("Concat", f"past_key_values.{layer}.{side}", new,
                 outputs=(f"present.{layer}.{side}",), axis=2)
            for side, new in sides
        )  # fmt: skip
        return k, v

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return _named("past_key_values", shape, dtype, "past_sequence_length", shape.head_size)

    def outputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return _named("present", shape, dtype, "total_sequence_length", shape.head_size)


def position_ids(g: Builder, dtype: type[np.generic]) -> tuple[str, list[ValueInfoProto]]:
    sizes: list[int | str] = ["batch_size", "sequence_length"]
    return "position_ids", [value("position_ids", dtype, sizes)]


def grouped(
    shape: Shape,
    weights: Weights,
    *,
    dtype: type[np.generic] = np.float32,
    ids_dtype: type[np.generic] = np.int64,
    head_symbol: str | None = None,
    keep_shape: list[int | str] | None = None,
    direct: dict[str, list[int | str]] | None = None,
    fixed: int | None = None,
    long_rope: LongRope | None = None,
    mixers: Mapping[int, Mixer] | None = None,
) -> ModelProto:
    """The network with fused attention; past keys come first, then past values, as genai builds.

    `head_symbol` leaves the cache's head size open under that name; with `keep_shape` the graph
    has an input num_logits_to_keep of that shape. `direct` gives the names and shapes of two
    inputs that state the lengths in place of a mask: of each row less one, and of the longest.
    `fixed` is the length of a cache that does not grow; `long_rope` makes the graph choose its
    angles by the total length. A shape with a window keeps no more than that in the cache.
    `mixers` has the layers that do something else than attend, or besides.
    """
    g = Builder(dtype)
    if direct:
        last, total = direct
        lengths = [value(name, np.int32, sizes) for name, sizes in direct.items()]
    else:
        last, total = _lengths(g, ids_dtype)
        lengths = [_mask_input(ids_dtype)]
    if long_rope:
        tables = _chosen_tables(g, shape, long_rope, total)
    else:
        cos, sin = rotary_tables(shape)
        tables = g.weight("cos", cos.astype(dtype)), g.weight("sin", sin.astype(dtype))

    window = {"local_window_size": shape.window, "sliding_window_cache": 1} if shape.window else {}
    mixers = mixers or {}

    def attend(layer: int, q: str, k: str, v: str) -> str:
        mixer = mixers.get(layer)
        if mixer and not mixer.attends:
            return mixer.mix(g, layer, q, k, v)
        past = f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"
        present = f"present.{layer}.key", f"present.{layer}.value"
        attended = g.op(
            "GroupQueryAttention", q, k, v, *past, last, total, *tables,
            outputs=(f"attended_{layer}", *present),
            domain=MICROSOFT, num_heads=shape.heads, kv_num_heads=shape.kv_heads, do_rotary=1,
            **window,
        )  # fmt: skip
        return g.op("Add", attended, mixer.mix(g, layer, q, k, v)) if mixer else attended

    decoder(g, shape, weights, attend, keeps_last=keep_shape is not None)
    head: int | str = head_symbol or shape.head_size
    keep = [value(_KEEP, np.int64, keep_shape)] if keep_shape is not None else []
    length: int | str = fixed or "past_sequence_length"
    layers = [
        layer for layer in range(shape.layers) if layer not in mixers or mixers[layer].attends
    ]
    past = _named("past_key_values", shape, dtype, length, head, layers)
    present = _named("present", shape, dtype, fixed or "total_sequence_length", head, layers)
    for layer, mixer in mixers.items():
        for before, after, sizes in mixer.states(layer):
            past.append(value(before, mixer.dtype, sizes))
            present.append(value(after, mixer.dtype, sizes))
    inputs = [*keep, _ids_input(ids_dtype), *lengths, *past]
    return model(g, inputs, [_logits(shape, dtype), *present])


def _chosen_tables(g: Builder, shape: Shape, rope: LongRope, total: str) -> tuple[str, str]:
    """Cosines and sines that a conditional chooses by the total length."""

    def branch(name: str, theta: float) -> GraphProto:
        inner = Builder(g.dtype)
        tables = zip(("cos", "sin"), rotary_tables(replace(shape, theta=theta)), strict=True)
        outputs = [
            inner.op("Identity", inner.weight(f"{name}_{side}", table.astype(g.dtype)),
                     outputs=(f"{name}_{side}_out",))
            for side, table in tables
        ]  # fmt: skip
        given = [value(each, g.dtype, [shape.context, shape.head_size // 2]) for each in outputs]
        return helper.make_graph(inner.nodes, name, [], given, inner.initializers)

    is_long = g.op("Greater", total, g.constant(rope.switch, np.int32))
    branches = {
        "then_branch": branch("long", rope.theta),
        "else_branch": branch("short", shape.theta),
    }
    g.op("If", is_long, outputs=("cos", "sin"), **branches)
    return "cos", "sin"


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
    past: Past | None = None,
    positions: Positions = position_ids,
    embedded: bool = False,
    causal: bool = True,
) -> ModelProto:
    """The network with attention in standard operators and, unless told otherwise, a growing cache
    and position ids.

    With `embedded` the graph takes vectors in place of ids. Without `causal` it was traced with
    one new token, so that several see each other.
    """
    g = Builder(dtype)
    past = past or Past()
    places, place_inputs = positions(g, ids_dtype)
    cos, sin = rotary_tables(shape)
    turns = [
        g.op("Unsqueeze", g.op("Gather", g.weight(name, table.astype(dtype)), places),
             g.constant([1]))
        for name, table in (("cos", cos), ("sin", sin))
    ]  # fmt: skip
    mask = _causal_mask(g, places) if causal and not shape.window else ""
    scale = g.constant(shape.head_size**-0.5, dtype)

    def attend(layer: int, q: str, k: str, v: str) -> str:
        q = _rotate(g, _split_heads(g, q, shape.heads, shape), turns, shape)
        k = _rotate(g, _split_heads(g, k, shape.kv_heads, shape), turns, shape)
        v = _split_heads(g, v, shape.kv_heads, shape)
        k, v = past.join(g, shape, layer, k, v)
        k, v = (_repeat_heads(g, each, shape) for each in (k, v))
        scores = g.op("Mul", g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2])), scale)
        if shape.window:
            scores = g.op("Add", scores, _window_mask(g, q, k, shape.window))
        elif causal:
            scores = g.op("Add", scores, mask)
        mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
        mixed = g.op("Transpose", mixed, perm=[0, 2, 1, 3])
        return g.op("Reshape", mixed, g.constant([0, 0, shape.heads * shape.head_size]))

    first = EMBEDDINGS if embedded else None
    decoder(g, shape, weights, attend, embedded=first)
    sizes: list[int | str] = ["batch_size", "sequence_length", shape.hidden]
    ids = value(EMBEDDINGS, dtype, sizes) if embedded else _ids_input(ids_dtype)
    inputs = [ids, _mask_input(ids_dtype), *place_inputs, *past.inputs(shape, dtype)]
    if embedded and "per_layer" in weights:
        extra = weights["per_layer"].shape
        inputs.append(value(LAYER_EMBEDDINGS, dtype, ["batch_size", "sequence_length", *extra[1:]]))
    return model(g, inputs, [_logits(shape, dtype), *past.outputs(shape, dtype)])


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


def decoder(
    g: Builder,
    shape: Shape,
    weights: Weights,
    attend: Attend,
    *,
    keeps_last: bool = False,
    embedded: str | None = None,
) -> None:
    """Embedding, unless `embedded` has it already, layers and tied head, written to `logits`."""
    embed = g.stored("embed", weights)
    x = embedded or g.op("Gather", embed, "input_ids")
    for layer in range(shape.layers):
        if "per_layer" in weights:
            extra = g.op("Gather", LAYER_EMBEDDINGS, g.constant([layer]), axis=2)
            extra = g.op("Squeeze", extra, g.constant([2]))
            x = g.op("Add", x, g.op("MatMul", extra, g.stored(f"{layer}.per_layer", weights)))
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


def _causal_mask(g: Builder, places: str) -> str:
    """0 where a key may be seen and a large negative number elsewhere, [B, 1, new, total]."""
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    keys = g.op("Range", g.constant(0), total, g.constant(1))
    queries = g.op("Unsqueeze", g.op("Cast", places, to=TensorProto.INT64), g.constant([2]))
    seen = g.op("LessOrEqual", keys, queries)
    real = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant([1])), to=TensorProto.BOOL)
    allowed = g.op("Unsqueeze", g.op("And", seen, real), g.constant([1]))
    return g.op("Where", allowed, g.constant(0, g.dtype), g.constant(-30_000, g.dtype))


def _window_mask(g: Builder, q: str, k: str, window: int) -> str:
    """The same for the latest keys only, [new, keys]; the queries are the latest of them."""
    keys, new = (g.op("Gather", g.op("Shape", each), g.constant(2), axis=0) for each in (k, q))
    places = g.op("Range", g.constant(0), keys, g.constant(1))
    own = g.op("Range", g.op("Sub", keys, new), keys, g.constant(1))
    distance = g.op("Sub", g.op("Unsqueeze", own, g.constant([1])), places)
    seen = g.op("GreaterOrEqual", distance, g.constant(0))
    seen = g.op("And", seen, g.op("Less", distance, g.constant(window)))
    return g.op("Where", seen, g.constant(0, g.dtype), g.constant(-30_000, g.dtype))


def rotary_tables(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
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


def _logits(shape: Shape, dtype: type[np.generic]) -> ValueInfoProto:
    return value("logits", dtype, ["batch_size", "sequence_length", shape.vocabulary])


def _named(
    template: str,
    shape: Shape,
    dtype: type[np.generic],
    length: int | str,
    head: int | str,
    layers: Iterable[int] | None = None,
) -> list[ValueInfoProto]:
    sizes: list[int | str] = ["batch_size", shape.kv_heads, length, head]
    return [
        value(f"{template}.{layer}.{side}", dtype, sizes)
        for side in ("key", "value")
        for layer in (range(shape.layers) if layers is None else layers)
    ]


def model(g: Builder, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> ModelProto:
    graph: GraphProto = helper.make_graph(g.nodes, "decoder", inputs, outputs, g.initializers)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
