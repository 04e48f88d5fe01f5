"""Runs a decoder's graph as it is, apart from the engine: every input fed by its name, the cache
grown from run to run."""

from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from app.engine.runtime.runtime import ort, session_threads


def logits(
    model: ModelProto, ids: list[int], sizes: list[int], folder: Path | None = None
) -> np.ndarray:
    """Logits float [n, V] of `ids`, run in chunks of `sizes` tokens, and nothing left over."""
    session = _session(model, folder)
    past = {
        each.name: np.zeros(_empty(each), helper.tensor_dtype_to_np_dtype(_kind(each)))
        for each in model.graph.input
        if each.name.startswith("past")
    }
    presents = [name for name in _outputs(model) if name.startswith("present")]
    rows, start = [], 0
    for size in sizes:
        feeds = _integers(model, ids[start : start + size], start)
        outputs = session.run(["logits", *presents], {**feeds, **past})
        rows.append(np.asarray(outputs[0])[0])
        names = [name.replace("present.", "past_key_values.") for name in presents]
        past = dict(zip(names, outputs[1:], strict=True))
        start += size
    assert start == len(ids)
    return np.concatenate(rows)


def inputs(model: ModelProto) -> list[str]:
    """The names of what has to be fed."""
    return [each.name for each in model.graph.input]


def _session(model: ModelProto, folder: Path | None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    session_threads(options)
    options.log_severity_level = 4
    if folder is not None:
        key = "session.model_external_initializers_file_folder_path"
        options.add_session_config_entry(key, str(folder))
    return ort.InferenceSession(model.SerializeToString(), options)


def _integers(model: ModelProto, ids: list[int], past: int) -> dict[str, np.ndarray]:
    count, total = len(ids), past + len(ids)
    values = {
        "input_ids": np.array([ids]),
        "attention_mask": np.ones((1, total)),
        "position_ids": np.arange(past, total)[None],
        "seqlens_k": np.array([total - 1]),
        "total_sequence_length": np.array(total),
        "query_seqlens": np.array([count]),
        "logits_pos": np.arange(count),
    }
    return {
        each.name: values[each.name].astype(helper.tensor_dtype_to_np_dtype(_kind(each)))
        for each in model.graph.input
        if each.name in values
    }


def _kind(info: ValueInfoProto) -> int:
    return info.type.tensor_type.elem_type or TensorProto.FLOAT


def _empty(info: ValueInfoProto) -> list[int]:
    sizes = [size.dim_value for size in info.type.tensor_type.shape.dim]
    return [1, sizes[1], 0, sizes[3]]


def _outputs(model: ModelProto) -> list[str]:
    return [each.name for each in model.graph.output]
