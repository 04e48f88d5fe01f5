"""The built-in model with room for an answer of many seconds, however late a key comes."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from app import paths

CONTEXT = 32_768


def roomy_model(folder: Path) -> Path:
    """Copy the built-in model to `folder`, its context sixteen times as long."""
    shutil.copytree(paths.built_in_model(), folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["max_position_embeddings"] = CONTEXT
    (folder / "config.json").write_text(json.dumps(config))
    graph = onnx.load(folder / "model.onnx")
    half = config["head_dim"] // 2
    angles = np.outer(np.arange(CONTEXT), config["rope_theta"] ** (-np.arange(half) / half))
    _lengthen(graph, "cos_cache", np.cos(angles))
    _lengthen(graph, "sin_cache", np.sin(angles))
    onnx.save(graph, folder / "model.onnx")
    return folder


def _lengthen(graph: ModelProto, name: str, table: np.ndarray) -> None:
    """Put a longer rotary table, [context, half], in the place of one that begins alike."""
    (held,) = (each for each in graph.graph.initializer if each.name == name)
    old = numpy_helper.to_array(held)
    assert np.allclose(old, table[: len(old)], atol=1e-5)
    held.CopyFrom(numpy_helper.from_array(table.astype(old.dtype), name))
