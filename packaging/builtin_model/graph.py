"""Writes the decoder as an ONNX graph with fused attention, node by node.

In: trained weights. Out: a ModelProto with `GroupQueryAttention`, keys and values as inputs and
outputs, and the embedding matrix stored once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .model import ModelConfig, rotary_tables

Weights = dict[str, NDArray[np.float32]]
OPSET, MICROSOFT_OPSET, IR_VERSION = 21, 1, 10


class GraphWriter:
    """Collects nodes and initializers; every method returns the name of what it made."""

    def __init__(self, config: ModelConfig, weights: Weights) -> None:
        self.config = config
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """An initializer."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """A node with one output that bears the node's name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x: str, weight: str) -> str:
        """x times a weight matrix, stored with its input side first."""
        matrix = self.constant(f"{weight}.weight", self.weights[f"{weight}.weight"].T)
        return self.node("MatMul", [x, matrix], f"{weight}.out")

    def norm(self, x: str, weight: str) -> str:
        """RMSNorm over the last dimension."""
        scale = self.constant(f"{weight}.weight", self.weights[f"{weight}.weight"])
        return self.node(
            "SimplifiedLayerNormalization",
            [x, scale],
            f"{weight}.out",
            axis=-1,
            epsilon=self.config.rms_norm_eps,
            stash_type=1,
        )

    def head_norm(self, x: str, weight: str, width: int) -> str:
        """RMSNorm over each head of float [batch, sequence, width]."""
        heads = self.constant(f"{weight}.heads", np.array([0, -1, self.config.head_dim]))
        flat = self.constant(f"{weight}.flat", np.array([0, -1, width]))
        apart = self.node("Reshape", [x, heads], f"{weight}.apart")
        return self.node("Reshape", [self.norm(apart, weight), flat], f"{weight}.together")


def build(config: ModelConfig, weights: Weights) -> onnx.ModelProto:
    """The whole graph. The names of inputs and outputs are those of optimum's exports."""
    writer = GraphWriter(config, weights)
    embedding = writer.constant("embed_tokens.weight", weights["embed_tokens.weight"])
    x = writer.node("Gather", [embedding, "input_ids"], "embed_tokens")
    shared = _attention_inputs(writer)
    for index in range(config.num_hidden_layers):
        x = _layer(writer, x, index, shared)
    turned = writer.node("Transpose", [embedding], "lm_head.weight", perm=[1, 0])
    writer.node("MatMul", [writer.norm(x, "norm"), turned], "logits")
    graph = helper.make_graph(
        writer.nodes, "decoder", _inputs(config), _outputs(config), writer.initializers
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", MICROSOFT_OPSET)]
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="candor"
    )


def _attention_inputs(writer: GraphWriter) -> list[str]:
    """seqlens_k int32 [batch], total_sequence_length int32 [], and the rotary tables."""
    one = writer.constant("one", np.array([1], dtype=np.int64))
    lengths = writer.node("ReduceSum", ["attention_mask", one], "lengths", keepdims=0)
    before = writer.node("Sub", [lengths, one], "lengths_less_one")
    seqlens = writer.node("Cast", [before], "seqlens_k", to=TensorProto.INT32)
    shape = writer.node("Shape", ["attention_mask"], "mask_shape")
    at = writer.constant("sequence_axis", np.array(1, dtype=np.int64))
    width = writer.node("Gather", [shape, at], "mask_width")
    total = writer.node("Cast", [width], "total_sequence_length", to=TensorProto.INT32)
    cos, sin = (table.numpy() for table in rotary_tables(writer.config))
    return [seqlens, total, writer.constant("cos_cache", cos), writer.constant("sin_cache", sin)]


def _layer(writer: GraphWriter, x: str, index: int, shared: list[str]) -> str:
    name = f"layers.{index}"
    attended = _attention(writer, writer.norm(x, f"{name}.input_layernorm"), index, shared)
    x = writer.node("Add", [x, attended], f"{name}.attended")
    fed = _mlp(writer, writer.norm(x, f"{name}.post_attention_layernorm"), f"{name}.mlp")
    return writer.node("Add", [x, fed], f"{name}.out")


def _attention(writer: GraphWriter, x: str, index: int, shared: list[str]) -> str:
    config, name = writer.config, f"layers.{index}.self_attn"
    queries = config.num_attention_heads * config.head_dim
    keys = config.num_key_value_heads * config.head_dim
    q = writer.head_norm(writer.linear(x, f"{name}.q_proj"), f"{name}.q_norm", queries)
    k = writer.head_norm(writer.linear(x, f"{name}.k_proj"), f"{name}.k_norm", keys)
    v = writer.linear(x, f"{name}.v_proj")
    past = [f"past_key_values.{index}.{side}" for side in ("key", "value")]
    present = [f"present.{index}.{side}" for side in ("key", "value")]
    writer.nodes.append(
        helper.make_node(
            "GroupQueryAttention",
            [q, k, v, *past, *shared],
            [f"{name}.mixed", *present],
            name=f"{name}.attention",
            domain="com.microsoft",
            do_rotary=1,
            rotary_interleaved=0,
            num_heads=config.num_attention_heads,
            kv_num_heads=config.num_key_value_heads,
            scale=config.head_dim**-0.5,
        )
    )
    return writer.linear(f"{name}.mixed", f"{name}.o_proj")


def _mlp(writer: GraphWriter, x: str, name: str) -> str:
    gate = writer.linear(x, f"{name}.gate_proj")
    opened = writer.node("Sigmoid", [gate], f"{name}.sigmoid")
    silu = writer.node("Mul", [gate, opened], f"{name}.silu")
    product = writer.node("Mul", [silu, writer.linear(x, f"{name}.up_proj")], f"{name}.product")
    return writer.linear(product, f"{name}.down_proj")


def _inputs(config: ModelConfig) -> list[onnx.ValueInfoProto]:
    ids = helper.make_tensor_value_info(
        "input_ids", TensorProto.INT64, ["batch_size", "sequence_length"]
    )
    mask = helper.make_tensor_value_info(
        "attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"]
    )
    return [ids, mask, *_states(config, "past_key_values", "past_sequence_length")]


def _outputs(config: ModelConfig) -> list[onnx.ValueInfoProto]:
    shape = ["batch_size", "sequence_length", config.vocab_size]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    return [logits, *_states(config, "present", "total_sequence_length")]


def _states(config: ModelConfig, name: str, length: str) -> list[onnx.ValueInfoProto]:
    shape = ["batch_size", config.num_key_value_heads, length, config.head_dim]
    return [
        helper.make_tensor_value_info(f"{name}.{index}.{side}", TensorProto.FLOAT, shape)
        for index in range(config.num_hidden_layers)
        for side in ("key", "value")
    ]
