"""Writes a model folder exactly as a download from a model hub would be, and checks its numbers.

The folder is made beside its place and renamed, so that a reader never sees half of it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import torch
from tokenizers import Tokenizer

from .graph import build
from .model import Decoder, ModelConfig
from .render import TEMPLATE
from .vocabulary import CONTROL, END_OF_TEXT, TURN_END

CARDS = Path(__file__).parent / "cards"
FOLDERS = {"main": "candor-small", "draft": "candor-small-draft"}
TOLERANCE = 1e-4


def export(checkpoint: Path, tokenizer: Path, models: Path) -> Path:
    """Makes the folder of the checkpoint's size under `models` and returns it.

    Raises ValueError when the graph's logits differ from PyTorch's by more than 1e-4.
    """
    content = torch.load(checkpoint, weights_only=True)
    model = Decoder(ModelConfig(**content["config"])).eval()
    model.load_state_dict(content["model"])
    folder = models / FOLDERS[content["size"]]
    unfinished = models / f".{folder.name}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    onnx.save_model(build(model.config, weights), str(unfinished / "model.onnx"))
    check(unfinished / "model.onnx", model)
    _write_sidecars(unfinished, model.config, tokenizer)
    shutil.copyfile(CARDS / f"{folder.name}.md", unfinished / "README.md")
    _put_in_place(unfinished, folder)
    return folder


def check(file: Path, model: Decoder) -> None:
    """Compares the graph with PyTorch: at once, in two parts, and with rows of unequal length."""
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(0).integers(0, model.config.vocab_size, (3, 40))
    with torch.no_grad():
        expected = model(torch.from_numpy(ids)).numpy()
    whole, _ = run_graph(session, model.config, ids, {}, [40] * 3)
    _require_close(whole, expected)
    for row in range(3):
        one = ids[row : row + 1]
        head, past = run_graph(session, model.config, one[:, :23], {}, [23])
        tail, _ = run_graph(session, model.config, one[:, 23:], past, [40])
        _require_close(np.concatenate((head, tail), 1), expected[row : row + 1])
    _, past = run_graph(session, model.config, ids[:, :30], {}, [30] * 3)
    lengths = [11, 31, 20]
    step = np.stack([ids[row, length - 1 : length] for row, length in enumerate(lengths)])
    last, _ = run_graph(session, model.config, step, past, lengths, width=31)
    _require_close(last[:, 0], np.stack([expected[row, n - 1] for row, n in enumerate(lengths)]))


def run_graph(
    session: ort.InferenceSession,
    config: ModelConfig,
    ids: np.ndarray,
    past: dict[str, np.ndarray],
    lengths: list[int],
    width: int = 0,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """One run. `lengths` count each row's tokens, past and new; the mask is `width` wide."""
    mask = (np.arange(width or max(lengths))[None] < np.array(lengths)[:, None]).astype(np.int64)
    empty = np.zeros((len(ids), config.num_key_value_heads, 0, config.head_dim), np.float32)
    names = [f"{i}.{side}" for i in range(config.num_hidden_layers) for side in ("key", "value")]
    states = {f"past_key_values.{name}": past.get(name, empty) for name in names}
    feeds = {"input_ids": ids, "attention_mask": mask, **states}
    outputs = cast("list[np.ndarray]", session.run(None, feeds))
    return outputs[0], dict(zip(names, outputs[1:], strict=True))


def _require_close(found: np.ndarray, expected: np.ndarray) -> None:
    difference = float(np.abs(found - expected).max())
    if difference > TOLERANCE:
        raise ValueError(f"The graph's logits differ from PyTorch's by {difference:.2e}.")


def _write_sidecars(folder: Path, config: ModelConfig, tokenizer: Path) -> None:
    vocabulary = Tokenizer.from_file(str(tokenizer))
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    shutil.copyfile(TEMPLATE, folder / "chat_template.jinja")
    _write(folder / "config.json", model_config(config, vocabulary))
    _write(folder / "generation_config.json", generation_config(vocabulary))
    _write(folder / "tokenizer_config.json", tokenizer_config(vocabulary, config))


def model_config(config: ModelConfig, vocabulary: Tokenizer) -> dict[str, Any]:
    """config.json."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        **asdict(config),
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "rope_scaling": None,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "use_cache": True,
        "torch_dtype": "float32",
        "eos_token_id": vocabulary.token_to_id(TURN_END),
        "pad_token_id": vocabulary.token_to_id(END_OF_TEXT),
    }


def generation_config(vocabulary: Tokenizer) -> dict[str, Any]:
    """generation_config.json."""
    return {
        "do_sample": True,
        "temperature": 0.6,
        "top_p": 0.95,
        "top_k": 20,
        "eos_token_id": [vocabulary.token_to_id(token) for token in (TURN_END, END_OF_TEXT)],
        "pad_token_id": vocabulary.token_to_id(END_OF_TEXT),
    }


def tokenizer_config(vocabulary: Tokenizer, config: ModelConfig) -> dict[str, Any]:
    """tokenizer_config.json."""
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    added = {
        str(index): {"content": token.content, **plain, "special": token.special}
        for index, token in sorted(vocabulary.get_added_tokens_decoder().items())
    }
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "added_tokens_decoder": added,
        "additional_special_tokens": list(CONTROL[1:]),
        "bos_token": None,
        "eos_token": TURN_END,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "add_bos_token": False,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": config.max_position_embeddings,
    }


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _put_in_place(unfinished: Path, folder: Path) -> None:
    """Replaces the folder by a rename; the old one goes last."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    unfinished.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
