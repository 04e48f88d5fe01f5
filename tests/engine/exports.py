"""The plain decoder as other exporters wrote it: other caches, other positions, in two halves or
in two graphs."""

from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from tests.engine.graphs import Builder, Past, model, plain, value
from tests.engine.reference import Shape, Weights

BATCH, PAST, TOTAL = "batch_size", "past_sequence_length", "total_sequence_length"


class Combined(Past):
    """Keys and values of a layer in one tensor [2, B, kv_heads, n, head_size]."""

    def __init__(self, past: str = "past_%d", present: str = "present_%d") -> None:
        self._past = past
        self._present = present

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        new = g.op("Concat", *(g.op("Unsqueeze", each, g.constant([0])) for each in (k, v)), axis=0)
        both = g.op("Concat", self._past % layer, new, outputs=(self._present % layer,), axis=3)
        axis = g.constant([0])
        sides = [g.op("Gather", both, g.constant([side]), axis=0) for side in (0, 1)]
        return g.op("Squeeze", sides[0], axis), g.op("Squeeze", sides[1], axis)

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return self._values(self._past, shape, dtype, PAST)

    def outputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return self._values(self._present, shape, dtype, TOTAL)

    def _values(
        self, name: str, shape: Shape, dtype: type[np.generic], length: str
    ) -> list[ValueInfoProto]:
        sizes: list[int | str] = [2, BATCH, shape.kv_heads, length, shape.head_size]
        return [value(name % layer, dtype, sizes) for layer in range(shape.layers)]


class HeadsInRows(Past):
    """Old bloom: keys [B * heads, size, n] and values [B * heads, n, size]."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        flat = g.constant([shape.kv_heads, -1, shape.head_size])
        k = g.op("Transpose", g.op("Reshape", k, flat), perm=[0, 2, 1])
        v = g.op("Reshape", v, flat)
        k = g.op("Concat", f"past_key_values.{layer}.key", k,
                 outputs=(f"present.{layer}.key",), axis=2)  # fmt: skip
        v = g.op("Concat", f"past_key_values.{layer}.value", v,
                 outputs=(f"present.{layer}.value",), axis=1)  # fmt: skip
        k = g.op("Transpose", k, perm=[0, 2, 1])
        rows = g.constant([0])
        return g.op("Unsqueeze", k, rows), g.op("Unsqueeze", v, rows)

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return self._values("past_key_values", shape, dtype, PAST)

    def outputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return self._values("present", shape, dtype, TOTAL)

    def _values(
        self, name: str, shape: Shape, dtype: type[np.generic], length: str
    ) -> list[ValueInfoProto]:
        rows = "batch_size x num_heads"
        keys: list[int | str] = [rows, shape.head_size, length]
        values: list[int | str] = [rows, length, shape.head_size]
        return [
            value(f"{name}.{layer}.{side}", dtype, sizes)
            for layer in range(shape.layers)
            for side, sizes in (("key", keys), ("value", values))
        ]


class Fused(Past):
    """Old gpt_bigcode: the one head's keys and values side by side, [B, n, 2 * size]."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        new = g.op("Squeeze", g.op("Concat", k, v, axis=3), g.constant([1]))
        both = g.op("Concat", f"past_key_values.{layer}.key_value", new,
                    outputs=(f"present.{layer}.key_value",), axis=1)  # fmt: skip
        both = g.op("Unsqueeze", both, g.constant([1]))
        axis, size = g.constant([3]), shape.head_size
        return (
            g.op("Slice", both, g.constant([0]), g.constant([size]), axis),
            g.op("Slice", both, g.constant([size]), g.constant([2 * size]), axis),
        )

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        sizes: list[int | str] = [BATCH, PAST, 2 * shape.head_size]
        return [
            value(f"past_key_values.{each}.key_value", dtype, sizes) for each in range(shape.layers)
        ]

    def outputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        sizes: list[int | str] = [BATCH, TOTAL, 2 * shape.head_size]
        return [value(f"present.{each}.key_value", dtype, sizes) for each in range(shape.layers)]


class Bare(Past):
    """No past; the keys and values of the run are given out."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        for side, new in (("key", k), ("value", v)):
            g.op("Identity", new, outputs=(f"present.{layer}.{side}",))
        return k, v

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return []


class Forgetful(Bare):
    """Neither past nor present."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        return k, v

    def outputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        return []


class Sliding(Past):
    """A cache that grows up to the window less one and then forgets its oldest."""

    def join(self, g: Builder, shape: Shape, layer: int, k: str, v: str) -> tuple[str, str]:
        assert shape.window
        joined = []
        for side, new in (("key", k), ("value", v)):
            past = f"past_key_values.{layer}.{side}"
            both = g.op("Concat", past, new, axis=2)
            g.op("Slice", both, g.constant([1 - shape.window]), g.constant([2**31]),
                 g.constant([2]), outputs=(f"present.{layer}.{side}",))  # fmt: skip
            joined.append(both)
        return joined[0], joined[1]

    def inputs(self, shape: Shape, dtype: type[np.generic]) -> list[ValueInfoProto]:
        found = super().inputs(shape, dtype)
        for each in found:
            each.type.tensor_type.shape.dim[2].dim_param = "past_sliding_length"
        return found


def no_positions(g: Builder, dtype: type[np.generic]) -> tuple[str, list[ValueInfoProto]]:
    """Counted by the graph from the mask."""
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    new = g.op("Gather", g.op("Shape", "input_ids"), g.constant(1), axis=0)
    places = g.op("Range", g.op("Sub", total, new), total, g.constant(1))
    return g.op("Unsqueeze", places, g.constant([0])), []


def positions_from_one(g: Builder, dtype: type[np.generic]) -> tuple[str, list[ValueInfoProto]]:
    """The first one is 1."""
    one = g.constant([1], dtype)
    sizes: list[int | str] = [BATCH, "sequence_length"]
    return g.op("Sub", "position_ids", one), [value("position_ids", dtype, sizes)]


def three_rows(g: Builder, dtype: type[np.generic]) -> tuple[str, list[ValueInfoProto]]:
    """Time, height and width; the graph takes their mean."""
    total = g.op("ReduceSum", "position_ids", g.constant([0]), keepdims=0)
    sizes: list[int | str] = [3, BATCH, "sequence_length"]
    return g.op("Div", total, g.constant(3, dtype)), [value("position_ids", dtype, sizes)]


@dataclass(frozen=True)
class Halves:
    """An older export: `opening` starts without a past, `going_on` was traced with one token."""

    opening: ModelProto
    going_on: ModelProto


def halves(shape: Shape, weights: Weights) -> Halves:
    return Halves(plain(shape, weights, past=Bare()), plain(shape, weights, causal=False))


def merged(shape: Shape, weights: Weights) -> ModelProto:
    """Both halves in one graph, chosen by `use_cache_branch`; the weights lie in the branches."""
    both = halves(shape, weights)
    outputs = [each.name for each in both.going_on.graph.output]
    node = helper.make_node(
        "If",
        ["use_cache_branch_0"],
        outputs,
        then_branch=_branch(both.going_on, "going_on"),
        else_branch=_branch(both.opening, "opening"),
    )
    g = Builder(np.float32)
    g.op("Squeeze", "use_cache_branch", outputs=("use_cache_branch_0",))
    g.nodes.append(node)
    flag = helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1])
    return model(g, [*both.going_on.graph.input, flag], list(both.going_on.graph.output))


def _branch(half: ModelProto, name: str):
    graph = half.graph
    return helper.make_graph(graph.node, name, [], graph.output, graph.initializer)


def embed_tokens(weights: Weights, *, features: bool = False) -> ModelProto:
    """The vectors of ids, and those of the layers where the network has any.

    With `features` the graph has an input for pictures, whose rows would stand behind the text.
    """
    g = Builder(np.float32)
    vectors = g.op("Gather", g.stored("embed", weights), "input_ids")
    hidden = weights["embed"].shape[1]
    inputs = [value("input_ids", np.int64, [BATCH, "sequence_length"])]
    if features:
        inputs.append(value("image_features", np.float32, ["num_image_tokens", hidden]))
        pictures = g.op("Unsqueeze", "image_features", g.constant([0]))
        vectors = g.op("Concat", vectors, pictures, axis=1)
    g.op("Identity", vectors, outputs=("inputs_embeds",))
    outputs = [value("inputs_embeds", np.float32, [BATCH, "sequence_length", hidden])]
    if "per_layer" in weights:
        g.op("Gather", g.stored("per_layer", weights), "input_ids", outputs=("per_layer_inputs",))
        sizes: list[int | str] = [BATCH, "sequence_length", *weights["per_layer"].shape[1:]]
        outputs.append(value("per_layer_inputs", np.float32, sizes))
    return model(g, inputs, outputs)
