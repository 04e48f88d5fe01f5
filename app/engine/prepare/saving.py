"""Has the runtime save a graph as it would run it, optimised, its weights packed for this
processor in a file of their own, so that a later start maps them instead of working them out."""

import errno
from pathlib import Path

import numpy as np
from onnx import helper

from app.domain.requests import Provider
from app.engine.files import checked
from app.engine.prepare.int8_reading import int8_reading
from app.engine.prepare.store import GRAPH, READING, WEIGHTS
from app.engine.runtime.providers import session_options
from app.engine.runtime.runtime import ort
from app.engine.runtime.session import WEIGHTS_FOLDER, MemoryGraph, translated_errors
from app.errors import ModelUnsupported

_SMALLEST = "1024"  # bytes: smaller weights stay in the graph
_FULL = "no space left"


def save_optimised(graph: MemoryGraph, target: Path) -> None:
    """Save a graph into the folder `target`.

    Raises:
        ModelUnsupported: the runtime cannot open or save it.
        OSError: the disk is full.
    """
    options = session_options(Provider.CPU)
    options.optimized_model_filepath = str(target / GRAPH)
    for name, value in {
        WEIGHTS_FOLDER: str(graph.weights),
        "session.optimized_model_external_initializers_file_name": WEIGHTS,
        "session.optimized_model_external_initializers_min_size_in_bytes": _SMALLEST,
        "session.save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(name, value)
    try:
        with translated_errors("The prepared copy cannot be saved"):
            ort.InferenceSession(graph.model, options, providers=["CPUExecutionProvider"])
    except ModelUnsupported as error:
        if _FULL in error.message.lower():
            raise OSError(errno.ENOSPC, error.message) from error
        raise


def save_reading(folder: Path, dtype: type[np.generic]) -> None:
    """Save beside the graph in `folder` the one that reads prompts for it, with the same weights.

    `dtype` is what keys and values are before they are rounded.
    """
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = int8_reading(checked.read_graph(folder / GRAPH), kind)
    (folder / READING).write_bytes(graph.SerializeToString())
