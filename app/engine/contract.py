"""What a decoder's graph asks for and gives back, read from the graph itself.

An ONNX model and the names its folder uses go in; a `Contract` comes out, or one sentence about
the first input or output that has no rule. A new kind of input starts here, as one more name in
`Names` and one more field of `Contract`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, ValueInfoProto, helper

from app.engine import operators
from app.errors import ModelDamaged, ModelUnsupported

_HINT = (
    "Candor runs decoders exported for transformers.js, optimum or onnxruntime-genai with a "
    "key-value cache."
)
_INTEGERS = ("int64", "int32")
_FLOATS = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Names:
    """What the graph calls its tensors; `%d` stands for the layer."""

    ids: str = "input_ids"
    mask: str = "attention_mask"
    positions: str = "position_ids"
    logits_to_keep: str = "num_logits_to_keep"
    logits: str = "logits"
    past_key: str = "past_key_values.%d.key"
    past_value: str = "past_key_values.%d.value"
    present_key: str = "present.%d.key"
    present_value: str = "present.%d.value"


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes that config files state, used where the graph leaves them open."""

    kv_heads: int | None = None
    head_size: int | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """An integer input; `shape` as declared."""

    name: str
    dtype: type[np.generic]
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Logits:
    """The output [1, tokens, vocabulary]; `vocabulary` None where the graph leaves it open."""

    name: str
    dtype: type[np.generic]
    vocabulary: int | None


@dataclass(frozen=True, slots=True)
class State:
    """A past input [1, kv_heads, past, head_size] and the present output that continues it."""

    past: str
    present: str
    dtype: type[np.generic]
    kv_heads: int
    head_size: int

    @property
    def bytes_per_token(self) -> int:
        """Memory that one cached token takes in this state."""
        return self.kv_heads * self.head_size * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Contract:
    """How to feed a decoder.

    `in_place` says that the graph may write its present into the memory of its past;
    `rotary_positions` is the number of positions of its stored rotary tables, where it has any.
    """

    ids: Input
    mask: Input | None
    positions: Input | None
    logits_to_keep: Input | None
    logits: Logits
    states: tuple[State, ...]
    in_place: bool
    rotary_positions: int | None

    @property
    def logits_to_keep_shape(self) -> tuple[int, ...]:
        """A scalar or a vector of one, as declared."""
        return (1,) * len(self.logits_to_keep.shape) if self.logits_to_keep else ()

    @property
    def bytes_per_token(self) -> int:
        """Memory that one cached token takes."""
        return sum(state.bytes_per_token for state in self.states)


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        sizes = ", ".join(str(size) for size in self.shape)
        return f'"{self.name}" ({self.dtype} [{sizes}])'


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
    inputs = {each.name: _tensor(each) for each in model.graph.input if each.name not in stored}
    outputs = {each.name: _tensor(each) for each in model.graph.output}
    ids = _take_integer(inputs, names.ids, ranks=(2,))
    mask = _take_integer(inputs, names.mask, ranks=(2,))
    positions = _take_integer(inputs, names.positions, ranks=(2,))
    keep = _take_integer(inputs, names.logits_to_keep, ranks=(0, 1))
    states = _take_states(inputs, outputs, names, geometry)
    if inputs:
        raise _no_rule("input", next(iter(inputs.values())))
    if ids is None:
        raise _missing("input", names.ids, outputs)
    if not states:
        raise ModelUnsupported("This model has no key-value cache.", _HINT)
    return Contract(
        ids=ids,
        mask=mask,
        positions=positions,
        logits_to_keep=keep,
        logits=_read_logits(outputs, names.logits),
        states=states,
        in_place=operators.share_memory(model, {each.past: each.present for each in states}),
        rotary_positions=operators.rotary_positions(model),
    )


def _take_integer(inputs: dict[str, _Tensor], name: str, ranks: Sequence[int]) -> Input | None:
    found = inputs.pop(name, None)
    if found is None:
        return None
    if found.dtype not in _INTEGERS or len(found.shape) not in ranks:
        raise _no_rule("input", found)
    return Input(found.name, np.dtype(found.dtype).type, found.shape)


def _take_states(
    inputs: dict[str, _Tensor], outputs: dict[str, _Tensor], names: Names, geometry: Geometry
) -> tuple[State, ...]:
    """Pair every past input with its present output by name, layer by layer."""
    sides = ((names.past_key, names.present_key), (names.past_value, names.present_value))
    states = []
    for past_template, present_template in sides:
        for name in [each for each in inputs if _layer(past_template, each) is not None]:
            past = inputs.pop(name)
            present = present_template.replace("%d", str(_layer(past_template, name)))
            states.append(_state(past, outputs.get(present), present, geometry))
    return tuple(states)


def _state(past: _Tensor, present: _Tensor | None, name: str, geometry: Geometry) -> State:
    if len(past.shape) != 4 or past.dtype not in _FLOATS:
        raise _no_rule("input", past)
    if present is None:
        raise ModelUnsupported(
            f'The model\'s input "{past.name}" has no output "{name}" to continue it.', _HINT
        )
    if present.dtype != past.dtype or len(present.shape) != 4:
        raise _no_rule("output", present)
    if isinstance(past.shape[2], int):
        raise _no_rule("input", past)  # a cache of a fixed length has its own masking rules
    kv_heads = _size(past, 1, geometry.kv_heads)
    head_size = _size(past, 3, geometry.head_size)
    return State(past.name, name, np.dtype(past.dtype).type, kv_heads, head_size)


def _size(past: _Tensor, axis: int, configured: int | None) -> int:
    """The declared size of an axis, or the configured one where the graph names only a symbol."""
    declared = past.shape[axis]
    size = declared if isinstance(declared, int) else configured
    if size is None or size < 1:
        raise ModelUnsupported(
            f"The size of axis {axis} of the model's input {past} is stated nowhere.",
            "config.json must give num_key_value_heads and head_dim.",
        )
    return size


def _read_logits(outputs: dict[str, _Tensor], name: str) -> Logits:
    found = outputs.get(name)
    if found is None:
        raise _missing("output", name, outputs)
    if found.dtype not in _FLOATS or len(found.shape) != 3:
        raise _no_rule("output", found)
    vocabulary = found.shape[2]
    return Logits(
        name, np.dtype(found.dtype).type, vocabulary if isinstance(vocabulary, int) else None
    )


def _layer(template: str, name: str) -> int | None:
    match = re.fullmatch(re.escape(template).replace("%d", r"(\d+)"), name)
    return int(match[1]) if match else None


def _tensor(info: ValueInfoProto) -> _Tensor:
    kind = info.type.tensor_type
    shape = tuple(
        size.dim_value if size.dim_value > 0 else size.dim_param or "?" for size in kind.shape.dim
    )
    return _Tensor(info.name, _dtype_name(kind.elem_type), shape)


def _dtype_name(elem_type: int) -> str:
    if elem_type == 0:
        return "not a tensor"
    try:
        name = helper.tensor_dtype_to_string(elem_type).removeprefix("TensorProto.").lower()
    except KeyError:
        return f"type {elem_type}"
    return {"float": "float32", "double": "float64"}.get(name, name)


def _no_rule(kind: str, tensor: _Tensor) -> ModelUnsupported:
    return ModelUnsupported(f"Candor has no rule for this model's {kind} {tensor}.", _HINT)


def _missing(kind: str, name: str, outputs: dict[str, _Tensor]) -> ModelUnsupported:
    found = ", ".join(list(outputs)[:3])
    return ModelUnsupported(
        f'This is not a language model Candor can run: it has no {kind} "{name}" (it gives '
        f"{found}).",
        _HINT,
    )
