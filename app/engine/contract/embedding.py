"""The graph that makes vectors of ids for a decoder that takes vectors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto

from app.engine.contract.names import Names
from app.engine.contract.tensors import FLOATS, INTEGERS, Tensor, declared, missing, no_rule
from app.engine.contract.values import Role
from app.engine.files import operators


@dataclass(frozen=True, slots=True)
class Absent:
    """An input for pictures or sound, which a text has none of; `shape` has a 0."""

    name: str
    dtype: type[np.generic]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """How to feed it, and which of its outputs play which role in the decoder."""

    ids: str
    ids_dtype: type[np.generic]
    absent: tuple[Absent, ...]
    outputs: Mapping[Role, str]


def read_embedding(model: ModelProto, names: Names) -> Embedding:
    """What the graph asks for and gives.

    Raises:
        ModelUnsupported: an input, an operator or the lack of an output has no rule.
    """
    operators.check(model)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = declared(each for each in model.graph.input if each.name not in stored)
    outputs = declared(model.graph.output)
    ids = inputs.pop(names.ids, None)
    if ids is None:
        raise missing("input", names.ids, outputs)
    if ids.dtype not in INTEGERS or len(ids.shape) != 2:
        raise no_rule("input", ids)
    return Embedding(
        ids=ids.name,
        ids_dtype=np.dtype(ids.dtype).type,
        absent=tuple(map(_absent, inputs.values())),
        outputs=_outputs(outputs, names),
    )


def _absent(found: Tensor) -> Absent:
    if found.dtype not in FLOATS or all(isinstance(size, int) for size in found.shape):
        raise no_rule("input", found)
    shape = tuple(size if isinstance(size, int) else 0 for size in found.shape)
    return Absent(found.name, np.dtype(found.dtype).type, shape)


def _outputs(outputs: dict[str, Tensor], names: Names) -> dict[Role, str]:
    roles = {
        role: each.name
        for each in outputs.values()
        if (role := names.role(each.name)) in (Role.EMBEDDINGS, Role.LAYER_EMBEDDINGS)
    }
    if Role.EMBEDDINGS not in roles:
        raise missing("output", names.embeddings, outputs)
    return {role: name for role, name in roles.items() if role}
