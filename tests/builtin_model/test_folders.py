"""The shipped folders: complete, small, and as good as their cards say."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from builtin_model.corpus.mixture import draw
from builtin_model.corpus.source import Source
from builtin_model.render import TEMPLATE, split_text
from tokenizers import Tokenizer

MODELS = Path(__file__).parents[2] / "resources" / "models"
MAIN, DRAFT = MODELS / "candor-small", MODELS / "candor-small-draft"
FILES = {
    "README.md",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
}


@pytest.fixture(params=[MAIN, DRAFT], ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_a_folder_is_what_a_download_would_be(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == FILES
    assert (folder / "chat_template.jinja").read_bytes() == TEMPLATE.read_bytes()
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["model_type"] == "qwen3"
    assert config["head_dim"] % 16 == 0


def test_both_folders_are_at_most_16_megabytes_and_share_their_tokenizer() -> None:
    sizes = [file.stat().st_size for each in (MAIN, DRAFT) for file in each.iterdir()]
    assert sum(sizes) <= 16_000_000
    assert (MAIN / "tokenizer.json").read_bytes() == (DRAFT / "tokenizer.json").read_bytes()


def test_the_graph_has_fused_attention_and_the_configured_states(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    graph = onnx.load_model(str(folder / "model.onnx")).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("GroupQueryAttention") == config["num_hidden_layers"]
    states = [value.name for value in graph.input if value.name.startswith("past_key_values.")]
    assert len(states) == 2 * config["num_hidden_layers"]
    dimensions = graph.input[-1].type.tensor_type.shape.dim
    assert dimensions[1].dim_value == config["num_key_value_heads"]
    assert dimensions[3].dim_value == config["head_dim"]


def test_the_tokenizer_keeps_every_text_and_each_digit_apart() -> None:
    tokenizer = Tokenizer.from_file(str(MAIN / "tokenizer.json"))
    source = Source("tokenizer test")
    texts = ["".join(split_text(draw(source))) for _ in range(200)]
    for text in [*texts, "naïve café 你好 🙂\t\r\n\x00", "<|im_end|>", " ", "a  b"]:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert tokenizer.encode("a 12+345", add_special_tokens=False).tokens[-6:] == list("12+345")
    assert 1000 <= tokenizer.get_vocab_size() <= 1100


def test_only_control_tokens_are_special() -> None:
    tokenizer = Tokenizer.from_file(str(MAIN / "tokenizer.json"))
    special = {
        token.content: token.special for token in tokenizer.get_added_tokens_decoder().values()
    }
    assert {name for name, is_special in special.items() if is_special} == {
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
    }
    assert {"<think>", "</think>", "<tool_call>", "</tool_call>"} <= set(special)
