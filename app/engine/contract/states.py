"""The cache of a graph: every past input paired with the present output that continues it."""

import re

import numpy as np

from app.engine.contract.names import Geometry, Names
from app.engine.contract.tensors import FLOATS, HINT, Tensor, no_rule
from app.engine.contract.values import State
from app.errors import ModelUnsupported


def take_states(
    inputs: dict[str, Tensor], outputs: dict[str, Tensor], names: Names, geometry: Geometry
) -> tuple[State, ...]:
    """Take every past out of `inputs` and pair it with its present by name, layer by layer.

    Raises:
        ModelUnsupported: a past has no present, or a type or shape without a rule.
    """
    sides = ((names.past_key, names.present_key), (names.past_value, names.present_value))
    states = []
    for past_template, present_template in sides:
        for name in [each for each in inputs if _layer(past_template, each) is not None]:
            past = inputs.pop(name)
            present = present_template.replace("%d", str(_layer(past_template, name)))
            states.append(_state(past, outputs.get(present), present, geometry))
    return tuple(states)


def _state(past: Tensor, present: Tensor | None, name: str, geometry: Geometry) -> State:
    if len(past.shape) != 4 or past.dtype not in FLOATS:
        raise no_rule("input", past)
    if present is None:
        raise ModelUnsupported(
            f'The model\'s input "{past.name}" has no output "{name}" to continue it.', HINT
        )
    if present.dtype != past.dtype or len(present.shape) != 4:
        raise no_rule("output", present)
    if isinstance(past.shape[2], int):
        raise no_rule("input", past)  # a cache of a fixed length has its own masking rules
    kv_heads = _size(past, 1, geometry.kv_heads)
    head_size = _size(past, 3, geometry.head_size)
    return State(past.name, name, np.dtype(past.dtype).type, kv_heads, head_size)


def _size(past: Tensor, axis: int, configured: int | None) -> int:
    """The declared size of an axis, or the configured one where the graph names only a symbol."""
    declared = past.shape[axis]
    size = declared if isinstance(declared, int) else configured
    if size is None or size < 1:
        raise ModelUnsupported(
            f"The size of axis {axis} of the model's input {past} is stated nowhere.",
            "config.json must give num_key_value_heads and head_dim.",
        )
    return size


def _layer(template: str, name: str) -> int | None:
    match = re.fullmatch(re.escape(template).replace("%d", r"(\d+)"), name)
    return int(match[1]) if match else None
