"""A second, independent forward pass of a Qwen3-kind decoder: plain numpy, float64, no cache, no
graph. Written from the architecture's description, it shares nothing with the engine."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

Weights = dict[str, np.ndarray]
Mixer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Queries [heads, n, size], keys and values [kv_heads, n, size] to [n, heads * size]."""

_CHECKPOINT_NAMES = {
    "attention_norm": "input_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "q_norm": "self_attn.q_norm",
    "k_norm": "self_attn.k_norm",
    "o": "self_attn.o_proj",
    "mlp_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


@dataclass(frozen=True)
class Shape:
    """Sizes of a decoder; `context` is the number of rotary positions, `window` how many tokens
    back, itself included, a token sees."""

    vocabulary: int = 97
    hidden: int = 32
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 16
    ffn: int = 48
    context: int = 512
    theta: float = 10_000.0
    eps: float = 1e-6
    window: int | None = None


def random_weights(shape: Shape, seed: int = 0) -> Weights:
    """Weights large enough that every part of the network shows in the logits."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * rows**-0.5 * 1.5).astype(np.float32)

    def gain(size: int) -> np.ndarray:
        return (1 + 0.2 * rng.standard_normal(size)).astype(np.float32)

    wide, narrow = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    embedding = rng.standard_normal((shape.vocabulary, shape.hidden)).astype(np.float32)
    weights = {"embed": embedding, "norm": gain(shape.hidden)}
    for layer in range(shape.layers):
        weights |= {
            f"{layer}.attention_norm": gain(shape.hidden),
            f"{layer}.q": matrix(shape.hidden, wide),
            f"{layer}.k": matrix(shape.hidden, narrow),
            f"{layer}.v": matrix(shape.hidden, narrow),
            f"{layer}.q_norm": gain(shape.head_size),
            f"{layer}.k_norm": gain(shape.head_size),
            f"{layer}.o": matrix(wide, shape.hidden),
            f"{layer}.mlp_norm": gain(shape.hidden),
            f"{layer}.gate": matrix(shape.hidden, shape.ffn),
            f"{layer}.up": matrix(shape.hidden, shape.ffn),
            f"{layer}.down": matrix(shape.ffn, shape.hidden),
        }
    return weights


def logits(
    weights: Weights, shape: Shape, ids: list[int], mixers: Mapping[int, Mixer] | None = None
) -> np.ndarray:
    """Logits float64 [n, V] of every position of `ids`.

    `mixers` has the layers that do something else than attend.
    """
    exact = {name: value.astype(np.float64) for name, value in weights.items()}
    x = exact["embed"][ids]
    for layer in range(shape.layers):
        if "per_layer" in exact:
            x = x + exact["per_layer"][ids][:, layer] @ exact[f"{layer}.per_layer"]
        own = {
            name.split(".", 1)[1]: value
            for name, value in exact.items()
            if name.startswith(f"{layer}.")
        }
        mix = (mixers or {}).get(layer, lambda q, k, v: attend(q, k, v, shape))
        x = x + _mixed(_rms(x, own["attention_norm"], shape), own, shape, mix)
        x = x + _mlp(_rms(x, own["mlp_norm"], shape), own)
    return _rms(x, exact["norm"], shape) @ exact["embed"].T


def read_folder(folder: Path) -> tuple[Shape, Weights]:
    """Sizes and weights of a Qwen3-kind folder whose initializers bear the checkpoint's names."""
    config = json.loads((folder / "config.json").read_text())
    shape = Shape(
        vocabulary=config["vocab_size"],
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        head_size=config["head_dim"],
        ffn=config["intermediate_size"],
        context=config["max_position_embeddings"],
        theta=config["rope_theta"],
        eps=config["rms_norm_eps"],
    )
    model = onnx.load(str(folder / "model.onnx"))
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    weights = {"embed": stored["embed_tokens.weight"], "norm": stored["norm.weight"]}
    for layer in range(shape.layers):
        for ours, theirs in _CHECKPOINT_NAMES.items():
            weights[f"{layer}.{ours}"] = stored[f"layers.{layer}.{theirs}.weight"]
    return shape, weights


def attend(q: np.ndarray, k: np.ndarray, v: np.ndarray, shape: Shape) -> np.ndarray:
    """Attention of every token to itself and those before it."""
    count = q.shape[1]
    q, k = _rotated(q, shape), _rotated(k, shape)
    group = shape.heads // shape.kv_heads
    distance = np.subtract.outer(np.arange(count), np.arange(count))
    unseen = (distance < 0) | (distance >= (shape.window or count))
    hidden = np.where(unseen, -np.inf, 0)
    mixed = [
        _softmax(q[head] @ k[head // group].T * shape.head_size**-0.5 + hidden) @ v[head // group]
        for head in range(shape.heads)
    ]
    return np.concatenate(mixed, axis=-1)


def _mixed(x: np.ndarray, own: Weights, shape: Shape, mix: Mixer) -> np.ndarray:
    q = _rms(_heads(x @ own["q"], shape.heads), own["q_norm"], shape)
    k = _rms(_heads(x @ own["k"], shape.kv_heads), own["k_norm"], shape)
    return mix(q, k, _heads(x @ own["v"], shape.kv_heads)) @ own["o"]


def _heads(x: np.ndarray, heads: int) -> np.ndarray:
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _rotated(x: np.ndarray, shape: Shape) -> np.ndarray:
    """Heads [heads, n, size], each pair (i, i + size/2) turned by its position."""
    half = shape.head_size // 2
    speeds = shape.theta ** (-np.arange(half) / half)
    angles = np.arange(x.shape[1])[:, None] * speeds
    first, second = x[..., :half], x[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _mlp(x: np.ndarray, own: Weights) -> np.ndarray:
    gate = x @ own["gate"]
    return (gate / (1 + np.exp(-gate)) * (x @ own["up"])) @ own["down"]


def _rms(x: np.ndarray, gain: np.ndarray, shape: Shape) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + shape.eps) * gain


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
