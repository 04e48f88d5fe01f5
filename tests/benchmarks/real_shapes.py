"""Decoders of real sizes with random weights: the speed of the real ones, no skill.

Two layouts of the shapes of Qwen3-0.6B and SmolLM2-135M: `genai`, 4-bit weights in blocks of 32
with fused attention as onnxruntime-genai's builder makes it for a CPU, and `optimum`, float32 with
attention spelled out in standard operators. Weights go to the data file one by one, so that a model
of any size is written in little memory.

    python -m tests.benchmarks.real_shapes qwen3-0.6b genai FOLDER
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import onnx
from onnx import TensorProto, helper

BLOCK = 32
MICROSOFT = "com.microsoft"
_DATA = "model.onnx.data"
_ALIGNMENT = 4096

Linear = Callable[["Graph", str, int, int], str]
"""Multiplies a tensor with a new matrix of so many rows and columns."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a decoder with a tied head; `head_norms` normalises queries and keys per head."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    vocabulary: int
    context: int
    theta: float
    head_norms: bool

    @property
    def parameters(self) -> int:
        """Weights of the matrices, the tied embedding counted once."""
        attention = 2 * self.hidden * self.head_size * (self.heads + self.kv_heads)
        layer = attention + 3 * self.hidden * self.ffn
        return self.layers * layer + self.vocabulary * self.hidden


SIZES = {
    "qwen3-0.6b": Sizes(1024, 28, 16, 8, 128, 3072, 151_936, 8192, 1e6, head_norms=True),
    "smollm2-135m": Sizes(576, 30, 9, 3, 64, 1536, 49_152, 8192, 1e5, head_norms=False),
    "tiny": Sizes(64, 2, 4, 2, 16, 128, 512, 512, 1e4, head_norms=True),
}


class Graph:
    """Collects nodes; weights go to the data file at once, so that they need no memory.

    Every operator returns the name of its first output. A block ends with the file.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.rng = np.random.default_rng(seed)
        self._file = (folder / _DATA).open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def op(self, kind: str, *inputs: str, outputs: tuple[str, ...] = (), **attributes: Any) -> str:
        names = outputs or (f"{kind}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(kind, inputs, names, names[0], **attributes))
        return names[0]

    def fused(self, kind: str, *inputs: str, **keywords: Any) -> str:
        """An operator of ONNX Runtime's own domain."""
        return self.op(kind, *inputs, domain=MICROSOFT, **keywords)

    def constant(self, values: object) -> str:
        """A small weight inside the graph: int64, or float32 where a value is a float."""
        array = np.asarray(values)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array.astype(np.int64)
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(onnx.numpy_helper.from_array(array, name))
        return name

    def weight(self, values: np.ndarray) -> str:
        """A weight in the data file."""
        start = -(-self._file.tell() // _ALIGNMENT) * _ALIGNMENT
        self._file.seek(start)
        self._file.write(np.ascontiguousarray(values).data)
        return self._stored(values.dtype, values.shape, start, values.nbytes)

    def again(self, name: str, shape: tuple[int, ...]) -> str:
        """The bytes of the weight `name` once more, under another shape."""
        tensor = next(each for each in self.initializers if each.name == name)
        place = {entry.key: int(entry.value) for entry in tensor.external_data[1:]}
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        return self._stored(dtype, shape, place["offset"], place["length"])

    def matrix(self, rows: int, columns: int) -> np.ndarray:
        """Weights that keep the spread of what they are multiplied with."""
        return self.rng.standard_normal((rows, columns), dtype=np.float32) * np.float32(rows**-0.5)

    def _stored(self, dtype: np.dtype[Any], shape: tuple[int, ...], start: int, length: int) -> str:
        tensor = TensorProto(
            name=f"weight_{len(self.initializers)}",
            data_type=helper.np_dtype_to_tensor_dtype(dtype),
            dims=shape,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (("location", _DATA), ("offset", start), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
        return tensor.name


def write_genai(folder: Path, sizes: Sizes, seed: int = 0) -> Path:
    """Write the decoder with 4-bit weights, fused attention and a genai_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    with Graph(folder, seed) as g:
        _genai_decoder(g, sizes)
    _save(folder, g, sizes, positions=False)
    (folder / "genai_config.json").write_text(json.dumps(_genai_config(sizes), indent=1))
    return folder


def write_optimum(folder: Path, sizes: Sizes, seed: int = 0) -> Path:
    """Write the decoder in float32 and standard operators, its cache grown by Concat."""
    folder.mkdir(parents=True, exist_ok=True)
    with Graph(folder, seed) as g:
        _optimum_decoder(g, sizes, _linear)
    _save(folder, g, sizes, positions=True)
    return folder


def write_optimum4(folder: Path, sizes: Sizes, seed: int = 0) -> Path:
    """The same with its matrices quantised to 4 bits; the embedding stays float32."""
    folder.mkdir(parents=True, exist_ok=True)
    with Graph(folder, seed) as g:
        _optimum_decoder(g, sizes, _linear4)
    _save(folder, g, sizes, positions=True)
    return folder


WRITERS: dict[str, Callable[..., Path]] = {
    "genai": write_genai,
    "optimum": write_optimum,
    "optimum-int4": write_optimum4,
}


def _genai_decoder(g: Graph, sizes: Sizes) -> None:
    table, scales = _packed(g, sizes.hidden, sizes.vocabulary)
    rows = g.again(table, (sizes.vocabulary, sizes.hidden // 2))
    row_scales = g.again(scales, (sizes.vocabulary, sizes.hidden // BLOCK))
    x = g.fused(
        "GatherBlockQuantized", rows, "input_ids", row_scales,
        bits=4, block_size=BLOCK, gather_axis=0, quantize_axis=1,
    )  # fmt: skip
    lengths = g.op("ReduceSum", "attention_mask", g.constant([1]), keepdims=1)
    last = g.op("Cast", g.op("Sub", lengths, g.constant([1])), to=TensorProto.INT32)
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    total = g.op("Cast", total, to=TensorProto.INT32)
    shared = [last, total, *(g.weight(each) for each in _rotary(sizes))]
    normed = _norm(g, x, sizes.hidden)
    for layer in range(sizes.layers):
        mixed = _genai_attention(g, normed, sizes, layer, shared)
        wide = sizes.heads * sizes.head_size
        x, normed = _skip(g, x, _linear4(g, mixed, wide, sizes.hidden), sizes)
        gate = _linear4(g, normed, sizes.hidden, sizes.ffn)
        up = _linear4(g, normed, sizes.hidden, sizes.ffn)
        opened = g.op("Mul", gate, g.op("Sigmoid", gate))
        fed = _linear4(g, g.op("Mul", opened, up), sizes.ffn, sizes.hidden)
        x, normed = _skip(g, x, fed, sizes)
    _matmul4(g, normed, sizes.hidden, sizes.vocabulary, (table, scales), "logits")


def _genai_attention(g: Graph, x: str, sizes: Sizes, layer: int, shared: list[str]) -> str:
    """Projections and one fused node; without norms of the heads they are one packed matrix."""
    wide, narrow = sizes.heads * sizes.head_size, sizes.kv_heads * sizes.head_size
    if sizes.head_norms:
        q = _head_norm(g, _linear4(g, x, sizes.hidden, wide), sizes.heads, sizes.head_size)
        k = _head_norm(g, _linear4(g, x, sizes.hidden, narrow), sizes.kv_heads, sizes.head_size)
        qkv = (q, k, _linear4(g, x, sizes.hidden, narrow))
    else:
        qkv = (_linear4(g, x, sizes.hidden, wide + 2 * narrow), "", "")
    return g.fused(
        "GroupQueryAttention", *qkv, *_past(layer), *shared,
        outputs=(f"attended_{layer}", *_present(layer)), do_rotary=1, rotary_interleaved=0,
        num_heads=sizes.heads, kv_num_heads=sizes.kv_heads, scale=sizes.head_size**-0.5,
    )  # fmt: skip


def _optimum_decoder(g: Graph, sizes: Sizes, linear: Linear) -> None:
    table = g.weight(g.matrix(sizes.hidden, sizes.vocabulary).T)
    x = g.op("Gather", table, "input_ids")
    turns, mask = _turns(g, sizes), _causal_mask(g)
    for layer in range(sizes.layers):
        h = _spelled_norm(g, x, sizes.hidden)
        x = g.op("Add", x, _optimum_attention(g, h, sizes, layer, turns, mask, linear))
        h = _spelled_norm(g, x, sizes.hidden)
        gate = linear(g, h, sizes.hidden, sizes.ffn)
        opened = g.op("Mul", gate, g.op("Sigmoid", gate))
        fed = g.op("Mul", opened, linear(g, h, sizes.hidden, sizes.ffn))
        x = g.op("Add", x, linear(g, fed, sizes.ffn, sizes.hidden))
    normed = _spelled_norm(g, x, sizes.hidden)
    if linear is _linear4:
        packed = _packed(g, sizes.hidden, sizes.vocabulary)
        _matmul4(g, normed, sizes.hidden, sizes.vocabulary, packed, "logits")
    else:
        head = g.op("Transpose", table, perm=[1, 0])
        g.op("MatMul", normed, head, outputs=("logits",))


def _optimum_attention(
    g: Graph,
    x: str,
    sizes: Sizes,
    layer: int,
    turns: tuple[str, str],
    mask: str,
    linear: Linear,
) -> str:
    size, heads, kv_heads = sizes.head_size, sizes.heads, sizes.kv_heads
    q = _split(g, linear(g, x, sizes.hidden, heads * size), sizes)
    k = _split(g, linear(g, x, sizes.hidden, kv_heads * size), sizes)
    v = _split(g, linear(g, x, sizes.hidden, kv_heads * size), sizes)
    if sizes.head_norms:
        q, k = _spelled_norm(g, q, size), _spelled_norm(g, k, size)
    q, k, v = (g.op("Transpose", each, perm=[0, 2, 1, 3]) for each in (q, k, v))
    q, k = _rotate(g, q, turns, size), _rotate(g, k, turns, size)
    past, present = _past(layer), _present(layer)
    k = g.op("Concat", past[0], k, outputs=present[:1], axis=-2)
    v = g.op("Concat", past[1], v, outputs=present[1:], axis=-2)
    k, v = (_repeat(g, each, sizes) for each in (k, v))
    root = g.constant(size**-0.25)
    q = g.op("Mul", q, root)
    k = g.op("Mul", g.op("Transpose", k, perm=[0, 1, 3, 2]), root)
    weights = g.op("Softmax", g.op("Add", g.op("MatMul", q, k), mask), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weights, v), perm=[0, 2, 1, 3])
    mixed = g.op("Reshape", mixed, g.constant([0, 0, heads * size]))
    return linear(g, mixed, heads * size, sizes.hidden)


def _packed(g: Graph, rows: int, columns: int) -> tuple[str, str]:
    """4-bit weights and their scales, of the spread of `Graph.matrix`."""
    blocks = rows // BLOCK
    packed = g.rng.integers(0, 256, (columns, blocks, BLOCK // 2), dtype=np.uint8)
    return g.weight(packed), g.weight(np.full(columns * blocks, 0.22 * rows**-0.5, np.float32))


def _linear4(g: Graph, x: str, rows: int, columns: int) -> str:
    return _matmul4(g, x, rows, columns, _packed(g, rows, columns))


def _matmul4(
    g: Graph, x: str, rows: int, columns: int, packed: tuple[str, str], output: str = ""
) -> str:
    return g.fused(
        "MatMulNBits", x, *packed, outputs=(output,) if output else (),
        K=rows, N=columns, bits=4, block_size=BLOCK, accuracy_level=4,
    )  # fmt: skip


def _linear(g: Graph, x: str, rows: int, columns: int) -> str:
    return g.op("MatMul", x, g.weight(g.matrix(rows, columns)))


def _norm(g: Graph, x: str, size: int) -> str:
    gain = g.weight(np.ones(size, np.float32))
    return g.op("SimplifiedLayerNormalization", x, gain, axis=-1, epsilon=1e-6, stash_type=1)


def _skip(g: Graph, x: str, added: str, sizes: Sizes) -> tuple[str, str]:
    """The sum of both, and its norm."""
    gain = g.weight(np.ones(sizes.hidden, np.float32))
    name = f"skip_{len(g.nodes)}"
    outputs = (f"{name}_normed", "", "", f"{name}_sum")
    inputs = (x, added, gain)
    g.fused("SkipSimplifiedLayerNormalization", *inputs, outputs=outputs, epsilon=1e-6)
    return outputs[3], outputs[0]


def _head_norm(g: Graph, x: str, heads: int, size: int) -> str:
    split = g.op("Reshape", x, g.constant([0, 0, heads, size]))
    return g.op("Reshape", _norm(g, split, size), g.constant([0, 0, heads * size]))


def _spelled_norm(g: Graph, x: str, size: int) -> str:
    squares = g.op("ReduceMean", g.op("Pow", x, g.constant(2.0)), g.constant([-1]), keepdims=1)
    root = g.op("Sqrt", g.op("Add", squares, g.constant(1e-6)))
    normed = g.op("Mul", x, g.op("Div", g.constant(1.0), root))
    return g.op("Mul", g.weight(np.ones(size, np.float32)), normed)


def _split(g: Graph, x: str, sizes: Sizes) -> str:
    return g.op("Reshape", x, g.constant([0, 0, -1, sizes.head_size]))


def _turns(g: Graph, sizes: Sizes) -> tuple[str, str]:
    """Cosines and sines [batch, 1, new, head size], worked out of the positions."""
    speeds = sizes.theta ** (-np.arange(sizes.head_size // 2) / (sizes.head_size // 2))
    column = g.constant(speeds.reshape(1, -1, 1))
    positions = g.op("Unsqueeze", "position_ids", g.constant([1]))
    angles = g.op("MatMul", column, g.op("Cast", positions, to=TensorProto.FLOAT))
    angles = g.op("Transpose", angles, perm=[0, 2, 1])
    angles = g.op("Concat", angles, angles, axis=-1)
    cos, sin = (g.op("Unsqueeze", g.op(kind, angles), g.constant([1])) for kind in ("Cos", "Sin"))
    return cos, sin


def _rotate(g: Graph, x: str, turns: tuple[str, str], size: int) -> str:
    cos, sin = turns
    middle, axis = g.constant([size // 2]), g.constant([3])
    first = g.op("Slice", x, g.constant([0]), middle, axis)
    second = g.op("Slice", x, middle, g.constant([2**63 - 1]), axis)
    turned = g.op("Concat", g.op("Neg", second), first, axis=-1)
    return g.op("Add", g.op("Mul", x, cos), g.op("Mul", turned, sin))


def _repeat(g: Graph, x: str, sizes: Sizes) -> str:
    """Each key-value head as often as queries share it."""
    group = sizes.heads // sizes.kv_heads
    ones = g.constant([1, 1, group, 1, 1])
    x = g.op("Expand", g.op("Unsqueeze", x, g.constant([2])), ones)
    return g.op("Reshape", x, g.constant([0, sizes.heads, -1, sizes.head_size]))


def _causal_mask(g: Graph) -> str:
    """0 where a key may be seen, the least float elsewhere, [batch, 1, new, total]."""
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1), axis=0)
    keys = g.op("Range", g.constant(0), total, g.constant(1))
    seen = g.op("LessOrEqual", keys, g.op("Unsqueeze", "position_ids", g.constant([2])))
    real = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.constant([1])), to=TensorProto.BOOL)
    allowed = g.op("Unsqueeze", g.op("And", seen, real), g.constant([1]))
    least = g.constant(float(np.finfo(np.float32).min))
    return g.op("Where", allowed, g.constant(0.0), least)


def _rotary(sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    half = sizes.head_size // 2
    angles = np.outer(np.arange(sizes.context), sizes.theta ** (-np.arange(half) / half))
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _past(layer: int) -> tuple[str, str]:
    return f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"


def _present(layer: int) -> tuple[str, str]:
    return f"present.{layer}.key", f"present.{layer}.value"


def _save(folder: Path, g: Graph, sizes: Sizes, positions: bool) -> None:
    inputs = [_value("input_ids", "new"), _value("attention_mask", "total")]
    inputs += [_value("position_ids", "new")] if positions else []
    past = [_state(name, sizes, "past") for i in range(sizes.layers) for name in _past(i)]
    present = [_state(name, sizes, "total") for i in range(sizes.layers) for name in _present(i)]
    shape = ["batch", "new", sizes.vocabulary]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    graph = helper.make_graph(g.nodes, "decoder", inputs + past, [logits, *present], g.initializers)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "config.json").write_text(json.dumps(_config(sizes), indent=1))


def _value(name: str, length: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", length])


def _state(name: str, sizes: Sizes, length: str) -> onnx.ValueInfoProto:
    shape = ["batch", sizes.kv_heads, length, sizes.head_size]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _config(sizes: Sizes) -> dict[str, Any]:
    """What transformers would call the model; the last token ends an answer."""
    kind = "qwen3" if sizes.head_norms else "llama"
    return {
        "model_type": kind,
        "architectures": ["Qwen3ForCausalLM" if sizes.head_norms else "LlamaForCausalLM"],
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.kv_heads,
        "head_dim": sizes.head_size,
        "intermediate_size": sizes.ffn,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.context,
        "rope_theta": sizes.theta,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "eos_token_id": sizes.vocabulary - 1,
    }


def _genai_config(sizes: Sizes) -> dict[str, Any]:
    past = {f"past_{side}_names": f"past_key_values.%d.{side}" for side in ("key", "value")}
    present = {f"present_{side}_names": f"present.%d.{side}" for side in ("key", "value")}
    decoder = {
        "filename": "model.onnx",
        "head_size": sizes.head_size,
        "hidden_size": sizes.hidden,
        "num_attention_heads": sizes.heads,
        "num_hidden_layers": sizes.layers,
        "num_key_value_heads": sizes.kv_heads,
        "inputs": {"input_ids": "input_ids", "attention_mask": "attention_mask", **past},
        "outputs": {"logits": "logits", **present},
        "session_options": {"log_id": "onnxruntime-genai", "provider_options": []},
    }
    end = sizes.vocabulary - 1
    model = {
        "type": "qwen3" if sizes.head_norms else "llama",
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "vocab_size": sizes.vocabulary,
        "context_length": sizes.context,
        "decoder": decoder,
    }
    search = {"max_length": sizes.context, "past_present_share_buffer": True, "do_sample": False}
    return {"model": model, "search": search}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", choices=SIZES)
    parser.add_argument("layout", choices=WRITERS)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    sizes = SIZES[arguments.sizes]
    written = WRITERS[arguments.layout](arguments.folder, sizes)
    print(f"{written}: {sizes.parameters:,} weights, {asdict(sizes)}")


if __name__ == "__main__":
    main()
