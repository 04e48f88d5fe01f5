"""What a graph's weights are made of: element types, bytes, and how they are packed.

Reads the parsed graph alone; external weights are counted by what their entries claim.
"""

import math
from collections import Counter

from onnx import ModelProto, TensorProto, external_data_helper, helper

from app.domain.inspection import Weights
from app.engine.files import graph

_BLOCKS = ("MatMulNBits", "GatherBlockQuantized", "QMoE")
_BITS = 4  # what these operators mean where they do not say


def weights(model: ModelProto) -> tuple[Weights, ...]:
    """The weights by element type, the largest share first."""
    tensors: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for tensor in graph.tensors(model):
        tensors[tensor.data_type] += 1
        sizes[tensor.data_type] += stored_bytes(tensor)
    return tuple(Weights(_name(kind), tensors[kind], size) for kind, size in sizes.most_common())


def quantization(model: ModelProto) -> str:
    """How the weights are packed, such as "4-bit in blocks of 32"; empty if they are not."""
    found: Counter[str] = Counter()
    for node in graph.nodes(model):
        if node.op_type in _BLOCKS:
            stated = {each.name: each.i for each in node.attribute}
            block = f" in blocks of {size}" if (size := stated.get("block_size")) else ""
            found[f"{stated.get('bits', _BITS)}-bit{block}"] += 1
    return ", ".join(each for each, _ in found.most_common())


def stored_bytes(tensor: TensorProto) -> int:
    """The bytes that a tensor's values take."""
    if external_data_helper.uses_external_data(tensor):
        length = next((each.value for each in tensor.external_data if each.key == "length"), None)
        if length is not None and length.isdecimal():
            return int(length)
    if tensor.raw_data:
        return len(tensor.raw_data)
    try:
        return math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except KeyError:
        return 0  # a type that this version of the format does not know


def _name(kind: int) -> str:
    try:
        name = helper.tensor_dtype_to_string(kind).removeprefix("TensorProto.").lower()
    except KeyError:
        return f"type {kind}"
    return {"float": "float32", "double": "float64"}.get(name, name)
