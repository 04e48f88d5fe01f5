"""A decoder of Qwen3-0.6B's sizes with random 4-bit weights: the speed of the real one, no skill.

Blocks of 32 weights, int8 activations (accuracy level 4), GroupQueryAttention, a vocabulary of
151,936. The embedding table is short and read modulo its length, since a row costs the same from
any table.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_SIZE, FFN = 1024, 28, 16, 8, 128, 3072
VOCABULARY, CONTEXT, TABLE, BLOCK = 151_936, 2048, 256, 32
MICROSOFT = "com.microsoft"


class _Graph:
    """Collects nodes and weights; every operator returns the name of its first output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []
        self.rng = np.random.default_rng(0)

    def op(self, kind: str, *inputs: str, outputs: tuple[str, ...] = (), **attributes: Any) -> str:
        names = outputs or (f"{kind}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0]

    def weight(self, values: np.ndarray) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def linear(self, x: str, rows: int, columns: int, output: str = "") -> str:
        blocks = rows // BLOCK
        packed = self.rng.integers(0, 256, (columns, blocks, BLOCK // 2), dtype=np.uint8)
        scales = np.full(columns * blocks, 0.22 * rows**-0.5, dtype=np.float32)
        return self.op(
            "MatMulNBits", x, self.weight(packed), self.weight(scales),
            outputs=(output,) if output else (), domain=MICROSOFT,
            K=rows, N=columns, bits=4, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip

    def norm(self, x: str, size: int) -> str:
        gain = self.weight(np.ones(size, dtype=np.float32))
        return self.op("SimplifiedLayerNormalization", x, gain, axis=-1, epsilon=1e-6, stash_type=1)

    def head_norm(self, x: str, heads: int) -> str:
        split = self.op("Reshape", x, self.weight(np.array([0, 0, heads, HEAD_SIZE])))
        joined = self.weight(np.array([0, 0, heads * HEAD_SIZE]))
        return self.op("Reshape", self.norm(split, HEAD_SIZE), joined)


def write(folder: Path) -> Path:
    """Write the model, about 470 MB, into `folder`."""
    model = helper.make_model(
        _decoder(),
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=10,
    )
    onnx.save(model, str(folder / "model.onnx"))
    config = {"model_type": "qwen3", "max_position_embeddings": CONTEXT, "eos_token_id": -1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def _decoder() -> onnx.GraphProto:
    g = _Graph()
    table = g.weight(g.rng.standard_normal((TABLE, HIDDEN)).astype(np.float32))
    x = g.op("Gather", table, g.op("Mod", "input_ids", g.weight(np.array(TABLE))))
    lengths = g.op("ReduceSum", "attention_mask", g.weight(np.array([1])), keepdims=0)
    last = g.op("Cast", g.op("Sub", lengths, g.weight(np.array([1]))), to=TensorProto.INT32)
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.weight(np.array(1)), axis=0)
    total = g.op("Cast", total, to=TensorProto.INT32)
    rotary = [g.weight(each) for each in _rotary()]
    for layer in range(LAYERS):
        x = g.op("Add", x, _attention(g, g.norm(x, HIDDEN), layer, last, total, rotary))
        h = g.norm(x, HIDDEN)
        gate = g.linear(h, HIDDEN, FFN)
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        h = g.op("Mul", gate, g.linear(h, HIDDEN, FFN))
        x = g.op("Add", x, g.linear(h, FFN, HIDDEN))
    g.linear(g.norm(x, HIDDEN), HIDDEN, VOCABULARY, output="logits")
    return helper.make_graph(g.nodes, "decoder", _inputs(), _outputs(), g.weights)


def _attention(g: _Graph, x: str, layer: int, last: str, total: str, rotary: list[str]) -> str:
    q = g.head_norm(g.linear(x, HIDDEN, HEADS * HEAD_SIZE), HEADS)
    k = g.head_norm(g.linear(x, HIDDEN, KV_HEADS * HEAD_SIZE), KV_HEADS)
    v = g.linear(x, HIDDEN, KV_HEADS * HEAD_SIZE)
    past = [f"past_key_values.{layer}.{side}" for side in ("key", "value")]
    present = tuple(f"present.{layer}.{side}" for side in ("key", "value"))
    mixed = g.op(
        "GroupQueryAttention", q, k, v, *past, last, total, *rotary,
        outputs=(f"mixed_{layer}", *present), domain=MICROSOFT,
        num_heads=HEADS, kv_num_heads=KV_HEADS, do_rotary=1,
    )  # fmt: skip
    return g.linear(mixed, HEADS * HEAD_SIZE, HIDDEN)


def _rotary() -> tuple[np.ndarray, np.ndarray]:
    speeds = 1e6 ** (-np.arange(HEAD_SIZE // 2) / (HEAD_SIZE // 2))
    angles = np.outer(np.arange(CONTEXT), speeds)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _inputs() -> list[onnx.ValueInfoProto]:
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "new"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "total"])
    return [ids, mask, *_cache("past_key_values", "past")]


def _outputs() -> list[onnx.ValueInfoProto]:
    sizes = ["batch", "new", VOCABULARY]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, sizes)
    return [logits, *_cache("present", "total")]


def _cache(prefix: str, length: str) -> list[onnx.ValueInfoProto]:
    sizes = ["batch", KV_HEADS, length, HEAD_SIZE]
    return [
        helper.make_tensor_value_info(f"{prefix}.{layer}.{side}", TensorProto.FLOAT, sizes)
        for layer in range(LAYERS)
        for side in ("key", "value")
    ]
