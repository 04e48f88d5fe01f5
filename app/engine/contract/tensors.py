"""A graph's inputs and outputs as declared, and the sentences that refuse them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from onnx import ValueInfoProto, helper

from app.errors import ModelUnsupported

HINT = "Candor runs decoders exported for transformers.js, optimum or onnxruntime-genai."
_FOREIGN = {
    r"block_tables?(_.*)?|slot_mapping|cumulative_sequence_lengths?|past_sequence_lengths": (
        "keeps its cache in pages that a server manages"
    ),
    r"encoder_.*|decoder_.*|.*[._]encoder[._].*|.*_cross_\d+": (
        "is one half of an encoder-decoder, made to translate or to transcribe"
    ),
    r"cache_indirection|beam_.*": "searches with beams",
    r"(pixel|image|vision|audio|input_features).*": "wants pictures or sound",
}
INTEGERS = ("int64", "int32")
FLOATS = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A declared input or output; sizes that the graph leaves open are texts."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        sizes = ", ".join(str(size) for size in self.shape)
        return f'"{self.name}" ({self.dtype} [{sizes}])'


def declared(infos: Iterable[ValueInfoProto]) -> dict[str, Tensor]:
    """The tensors by name, in the graph's order."""
    return {info.name: _tensor(info) for info in infos}


def no_rule(kind: str, tensor: Tensor) -> ModelUnsupported:
    """The refusal of an input or output that Candor does not know."""
    return ModelUnsupported(f"Candor has no rule for this model's {kind} {tensor}.", HINT)


def refusal(tensor: Tensor) -> ModelUnsupported:
    """The refusal of an input that is left over, with its reason where it is known."""
    for pattern, reason in _FOREIGN.items():
        if re.fullmatch(pattern, tensor.name):
            return ModelUnsupported(
                f"This model {reason}, which Candor does not do: its input is {tensor}.", HINT
            )
    return no_rule("input", tensor)


def missing(kind: str, name: str, outputs: dict[str, Tensor]) -> ModelUnsupported:
    """The refusal of a graph that is no language model."""
    found = ", ".join(list(outputs)[:3])
    return ModelUnsupported(
        f'This is not a language model Candor can run: it has no {kind} "{name}" (it gives '
        f"{found}).",
        HINT,
    )


def _tensor(info: ValueInfoProto) -> Tensor:
    kind = info.type.tensor_type
    shape = tuple(
        size.dim_value if size.dim_value > 0 else size.dim_param or "?" for size in kind.shape.dim
    )
    return Tensor(info.name, _dtype_name(kind.elem_type), shape)


def _dtype_name(elem_type: int) -> str:
    if elem_type == 0:
        return "not a tensor"
    try:
        name = helper.tensor_dtype_to_string(elem_type).removeprefix("TensorProto.").lower()
    except KeyError:
        return f"type {elem_type}"
    return {"float": "float32", "double": "float64"}.get(name, name)
