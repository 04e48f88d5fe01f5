"""The cache of a graph: every past input paired with the present output that continues it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.contract.names import Geometry, Names
from app.engine.contract.tensors import FLOATS, HINT, Tensor, no_rule
from app.engine.contract.values import State
from app.errors import ModelUnsupported

_BATCH_AND_HEADS = re.compile(r"batch_size\s*[x*]\s*(num_heads|n_head)")
_LENGTH = re.compile(r"past|sequence|length|total")
_SLIDING = re.compile(r"sliding|window")
_PLACES = {5: 3, 4: 2}  # the axis of the tokens, by rank: [2, 1, heads, past, size] and without 2


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of state: the names of its past and present, and the ranks it may have.

    `summary` says that it keeps only what came last, in a fixed size.
    """

    past: str
    present: str
    ranks: tuple[int, ...]
    summary: bool = False


def take_states(
    inputs: dict[str, Tensor],
    outputs: dict[str, Tensor],
    names: Names,
    geometry: Geometry,
    shared: Mapping[str, str],
    windows: Mapping[str, int],
    rounded: Collection[str],
) -> tuple[State, ...]:
    """Take every past out of `inputs` and pair it with its present by name, layer by layer.

    `shared` has the presents that may take the memory of their pasts; `windows` has the pasts that
    an operator keeps at the length of its window, `rounded` those that it keeps in 8 bits.

    Raises:
        ModelUnsupported: a past has no present, or a type or shape without a rule.
    """
    states = []
    for kind in _kinds(names):
        for name in [each for each in inputs if _layer(kind.past, each) is not None]:
            past = inputs.pop(name)
            present = kind.present.replace("%d", str(_layer(kind.past, name)))
            floats = ("int8",) if name in rounded else FLOATS
            _check(past, outputs.get(present), present, kind, floats)
            shape, axis = _shape(past, kind, geometry, windows.get(name))
            in_place = shared.get(name) == present and axis is not None
            if axis is not None and shape[axis] and not in_place:
                raise no_rule("input", past)  # where would such a graph write?
            states.append(State(name, present, np.dtype(past.dtype).type, shape, axis, in_place))
    return tuple(states)


def _kinds(names: Names) -> tuple[_Kind, ...]:
    cache, summary = "past_key_values.%d", "present.%d"
    return (
        _Kind(names.past_key, names.present_key, (3, 4)),
        _Kind(names.past_value, names.present_value, (3, 4)),
        _Kind(f"{cache}.key_value", f"{summary}.key_value", (3,)),
        _Kind(names.past, names.present, (5,)),
        _Kind(names.past_conv, names.present_conv, (3,), summary=True),
        _Kind(names.past_recurrent, names.present_recurrent, (4,), summary=True),
        _Kind("past_ssm.%d", "present_ssm.%d", (4,), summary=True),
        _Kind(f"{cache}.conv_state", f"{summary}.conv_state", (3,), summary=True),
        _Kind(f"{cache}.recurrent_state", f"{summary}.recurrent_state", (4,), summary=True),
        *(
            _Kind(f"past_conv.%d.{part}", f"present_conv.%d.{part}", (3,), summary=True)
            for part in ("query", "key", "value")
        ),
    )


def _check(
    past: Tensor, present: Tensor | None, name: str, kind: _Kind, types: Collection[str]
) -> None:
    if past.dtype not in types or len(past.shape) not in kind.ranks:
        raise no_rule("input", past)
    if present is None:
        raise ModelUnsupported(
            f'The model\'s input "{past.name}" has no output "{name}" to continue it.', HINT
        )
    if present.dtype != past.dtype or len(present.shape) != len(past.shape):
        raise no_rule("output", present)


def _shape(
    past: Tensor, kind: _Kind, geometry: Geometry, window: int | None
) -> tuple[tuple[int, ...], int | None]:
    """The shape of an empty past for one row, and the axis of its tokens."""
    place = None if kind.summary else _place(past)
    sizes = [_size(past, axis, place, geometry) for axis in range(len(past.shape))]
    if place is None:
        return tuple(sizes), None
    if window:
        sizes[place] = sizes[place] or window
    slides = window or _SLIDING.search(str(past.shape[place]))
    return tuple(sizes), None if slides else place


def _place(past: Tensor) -> int:
    if len(past.shape) in _PLACES:
        return _PLACES[len(past.shape)]
    open_sizes = [
        axis
        for axis, size in enumerate(past.shape)
        if axis > 0 and isinstance(size, str) and _LENGTH.search(size)
    ]
    if len(open_sizes) != 1:
        raise no_rule("input", past)
    return open_sizes[0]


def _size(past: Tensor, axis: int, place: int | None, geometry: Geometry) -> int:
    """The declared size of an axis, or the configured one where the graph names only a symbol."""
    declared = past.shape[axis]
    if isinstance(declared, int):
        return declared
    if axis == place:
        return 0
    if axis == len(past.shape) // 5:  # the rows, which stand behind the 2 of a combined cache
        return _stated(geometry.heads, past, axis) if _BATCH_AND_HEADS.fullmatch(declared) else 1
    if place is None:
        raise no_rule("input", past)
    last = axis == len(past.shape) - 1
    return _stated(geometry.head_size if last else geometry.kv_heads, past, axis)


def _stated(size: int | None, past: Tensor, axis: int) -> int:
    if size is None or size < 1:
        raise ModelUnsupported(
            f"The size of axis {axis} of the model's input {past} is stated nowhere.",
            "config.json must give num_key_value_heads and head_dim.",
        )
    return size


def _layer(template: str, name: str) -> int | None:
    match = re.fullmatch(re.escape(template).replace("%d", r"(\d+)"), name)
    return int(match[1]) if match else None
