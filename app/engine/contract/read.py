"""Reads the contract of a decoder from its graph, or says why there is no rule for it."""

import numpy as np
from onnx import ModelProto

from app.engine import operators
from app.engine.contract.batching import keeps_rows_apart
from app.engine.contract.feeds import take_feeds
from app.engine.contract.names import Geometry, Names
from app.engine.contract.states import take_states
from app.engine.contract.tensors import FLOATS, HINT, Tensor, declared, missing, no_rule
from app.engine.contract.values import Contract, Logits, Role
from app.errors import ModelDamaged, ModelUnsupported


def read_contract(model: ModelProto, names: Names, geometry: Geometry) -> Contract:
    """The contract of a decoder's graph.

    Raises:
        ModelDamaged: the file holds no graph.
        ModelUnsupported: an input, an output or an operator has no rule.
    """
    if not model.graph.node:
        raise ModelDamaged("The .onnx file holds no graph.", "Download the model again.")
    operators.check(model)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = declared(each for each in model.graph.input if each.name not in stored)
    outputs = declared(model.graph.output)
    feeds = take_feeds(inputs, names)
    states = take_states(inputs, outputs, names, geometry)
    if inputs:
        raise no_rule("input", next(iter(inputs.values())))
    if not any(feed.role is Role.IDS for feed in feeds):
        raise missing("input", names.ids, outputs)
    if not states:
        raise ModelUnsupported("This model has no key-value cache.", HINT)
    in_place = operators.share_memory(model, {each.past: each.present for each in states})
    return Contract(
        feeds=feeds,
        logits=_read_logits(outputs, names.logits),
        states=states,
        in_place=in_place,
        batched=in_place and keeps_rows_apart(model, feeds),
        rotary_positions=operators.rotary_positions(model),
    )


def _read_logits(outputs: dict[str, Tensor], name: str) -> Logits:
    found = outputs.get(name)
    if found is None:
        raise missing("output", name, outputs)
    if found.dtype not in FLOATS or len(found.shape) != 3:
        raise no_rule("output", found)
    vocabulary = found.shape[2]
    return Logits(
        name, np.dtype(found.dtype).type, vocabulary if isinstance(vocabulary, int) else None
    )
