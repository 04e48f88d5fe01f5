"""Writes a random decoder as GGUF, in the environment of llama.cpp: Q4_0, its head as asked.

The arguments are a folder, the sizes as JSON, and the type of the tied embedding.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

_RNG = np.random.default_rng(0)


def main() -> None:
    """Write `model.gguf`."""
    folder, sizes, head = Path(sys.argv[1]), json.loads(sys.argv[2]), Type[sys.argv[3]]
    if sizes["hidden"] % gguf.GGML_QUANT_SIZES[head][0]:
        head = Type.Q8_0  # what llama.cpp's own quantizer does with such a width
    kind = "qwen3" if sizes["head_norms"] else "llama"
    writer = gguf.GGUFWriter(folder / "model.gguf", kind)
    _describe(writer, sizes)
    for name, rows, columns, quantised in _tensors(sizes, head):
        if quantised is None:
            writer.add_tensor(name, np.ones(rows, np.float32))
        else:
            data = _random_blocks(rows, columns, quantised)
            writer.add_tensor(name, data, raw_dtype=quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, sizes: dict[str, Any]) -> None:
    writer.add_context_length(sizes["context"])
    writer.add_embedding_length(sizes["hidden"])
    writer.add_block_count(sizes["layers"])
    writer.add_feed_forward_length(sizes["ffn"])
    writer.add_head_count(sizes["heads"])
    writer.add_head_count_kv(sizes["kv_heads"])
    writer.add_key_length(sizes["head_size"])
    writer.add_value_length(sizes["head_size"])
    writer.add_rope_dimension_count(sizes["head_size"])
    writer.add_rope_freq_base(sizes["theta"])
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(sizes["vocabulary"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_tokenizer_model("no_vocab")


def _tensors(sizes: dict[str, Any], head: Type):
    """Name, rows, columns and type of each; None stands for a vector of ones."""
    hidden, ffn, size = sizes["hidden"], sizes["ffn"], sizes["head_size"]
    wide, narrow = sizes["heads"] * size, sizes["kv_heads"] * size
    yield "token_embd.weight", sizes["vocabulary"], hidden, head
    yield "output_norm.weight", hidden, 1, None
    for layer in range(sizes["layers"]):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", hidden, 1, None
        yield f"{block}.ffn_norm.weight", hidden, 1, None
        if sizes["head_norms"]:
            yield f"{block}.attn_q_norm.weight", size, 1, None
            yield f"{block}.attn_k_norm.weight", size, 1, None
        yield f"{block}.attn_q.weight", wide, hidden, Type.Q4_0
        yield f"{block}.attn_k.weight", narrow, hidden, Type.Q4_0
        yield f"{block}.attn_v.weight", narrow, hidden, Type.Q4_0
        yield f"{block}.attn_output.weight", hidden, wide, Type.Q4_0
        yield f"{block}.ffn_gate.weight", ffn, hidden, Type.Q4_0
        yield f"{block}.ffn_up.weight", ffn, hidden, Type.Q4_0
        yield f"{block}.ffn_down.weight", hidden, ffn, Type.Q4_0


def _random_blocks(rows: int, columns: int, kind: Type) -> np.ndarray:
    """Random weights as the format stores them, uint8 [rows, bytes]; every scale is sound."""
    weights, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = _RNG.integers(0, 256, (rows, columns // weights, size), dtype=np.uint8)
    largest = {Type.Q4_0: 8, Type.Q8_0: 128, Type.Q6_K: 32 * 4}[kind]
    scale = np.array([columns**-0.5 * 2 / largest], np.float16).view(np.uint8)
    if kind is Type.Q6_K:
        blocks[..., -18:-2] = _RNG.integers(1, 4, blocks[..., -18:-2].shape)  # its int8 scales
        blocks[..., -2:] = scale
    else:
        blocks[..., :2] = scale
    return blocks.reshape(rows, -1)


if __name__ == "__main__":
    main()
