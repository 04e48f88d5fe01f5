"""A sound model folder, as tests change it, and how they open it."""

import json
from pathlib import Path

from app.domain.requests import Provider
from app.engine.model import Model, open_model
from tests.engine import graphs, reference
from tests.engine.reference import Shape
from tests.engine.vocabularies import byte_level

SHAPE = Shape(vocabulary=420, layers=1)
TOKENS = 404  # of the tokenizer; the other rows stand for nothing
WEIGHTS = reference.random_weights(SHAPE)
GRAPH = graphs.grouped(SHAPE, WEIGHTS)


def opened(path: Path, variant: str | None = None) -> Model:
    return open_model(path, variant, Provider.CPU, lambda done, total: None)


def sound_folder(path: Path) -> Path:
    """Weights beside the graph, tokenizer, template, defaults."""
    graphs.write_folder(path, GRAPH, SHAPE, external_data="model.onnx_data")
    byte_level(path / "tokenizer.json")
    write(path / "tokenizer_config.json", eos_token={"content": "<|im_end|>"}, bos_token=None)
    (path / "chat_template.jinja").write_text("{{ messages[0].content }}<|endoftext|>")
    write(
        path / "generation_config.json",
        do_sample=True,
        temperature=0.6,
        top_k=20,
        eos_token_id=[7, 8],
    )
    return path


def write(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content))
