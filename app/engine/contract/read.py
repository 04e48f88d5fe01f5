"""Reads the contract of a decoder from its graph, or says why there is no rule for it."""

import re
from collections.abc import Collection

import numpy as np
from onnx import ModelProto

from app.engine.contract.batching import keeps_rows_apart
from app.engine.contract.feeds import take_feeds
from app.engine.contract.names import Geometry, Names
from app.engine.contract.states import take_states
from app.engine.contract.tensors import FLOATS, Tensor, declared, missing, no_rule, refusal
from app.engine.contract.values import Contract, Logits, Role, State
from app.engine.files import operators
from app.errors import ModelDamaged

# Other names would let the hidden states of an embedding model pass as logits.
_LOGITS = re.compile(r".*logits.*|outputs?(_?0)?")


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
    feeds = take_feeds(inputs, names, geometry)
    shared, windows = operators.shared_memory(model), operators.windows(model)
    rounded = operators.rounded_caches(model)
    states = take_states(inputs, outputs, names, geometry, shared, windows, rounded)
    if inputs:
        raise refusal(next(iter(inputs.values())))
    if not any(feed.role in (Role.IDS, Role.EMBEDDINGS) for feed in feeds):
        raise missing("input", names.ids, outputs)
    return Contract(
        feeds=feeds,
        logits=_read_logits(outputs, names.logits, {state.present for state in states}),
        states=states,
        batched=_shares(states) and keeps_rows_apart(model, feeds),
        rotary_positions=operators.rotary_positions(model),
        rope_switch=geometry.rope_switch if operators.chooses_angles(model) else None,
    )


def _shares(states: tuple[State, ...]) -> bool:
    return bool(states) and all(state.in_place for state in states)


def _read_logits(outputs: dict[str, Tensor], name: str, presents: Collection[str]) -> Logits:
    """The output of that name, or the only one that may be the same thing."""
    found = outputs.get(name) or _only_logits(outputs, presents)
    if found is None:
        raise missing("output", name, outputs)
    if found.dtype not in FLOATS or len(found.shape) != 3:
        raise no_rule("output", found)
    vocabulary = found.shape[2]
    dtype = np.dtype(found.dtype).type
    return Logits(found.name, dtype, vocabulary if isinstance(vocabulary, int) else None)


def _only_logits(outputs: dict[str, Tensor], presents: Collection[str]) -> Tensor | None:
    found = [
        each
        for each in outputs.values()
        if each.name not in presents and _LOGITS.fullmatch(each.name) and len(each.shape) == 3
    ]
    return found[0] if len(found) == 1 else None
