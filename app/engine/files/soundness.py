"""Is a parsed graph what its format promises? Names that are text, weights as long as they claim.

The parser lets through what the runtime or our own readers would stumble over.
"""

import math
from collections.abc import Iterator

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, external_data_helper, helper

from app.engine.files import graph
from app.errors import ModelDamaged

_AGAIN = "Download the model again."
_PACKED = ("INT4", "UINT4", "FLOAT4E2M1", "INT2", "UINT2")  # several values in a byte
_KINDS = {number: name for name, number in TensorProto.DataType.items()}
_DATA = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")


def check(model: ModelProto) -> None:
    """Refuse a graph that is damaged inside.

    Raises:
        ModelDamaged: a name is no text, or a weight does not have the size of its shape.
    """
    if not all(isinstance(text, str) for text in _texts(model)):
        raise ModelDamaged("The graph holds a name that is no text.", _AGAIN)
    for tensor in graph.tensors(model):
        if not external_data_helper.uses_external_data(tensor):
            _check_size(tensor)


def _check_size(tensor: TensorProto) -> None:
    name = _KINDS.get(tensor.data_type, "")
    if name in _PACKED:
        return
    count = math.prod(tensor.dims)
    if min(tensor.dims, default=0) < 0 or name in ("", "UNDEFINED"):
        raise ModelDamaged(f'The weight "{tensor.name}" has no possible shape or type.', _AGAIN)
    if tensor.raw_data:
        size = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        held = len(tensor.raw_data) / size
    else:
        held = max(len(getattr(tensor, field)) for field in _DATA)
    if held != count:
        raise ModelDamaged(
            f'The weight "{tensor.name}" holds {held:,.0f} of the {count:,} values it claims.',
            _AGAIN,
        )


def _texts(model: ModelProto) -> Iterator[object]:
    """Every name; what is no valid text comes as bytes."""
    for imported in model.opset_import:
        yield imported.domain
    for node in graph.nodes(model):
        yield from _node_texts(node)
    for info in (*model.graph.input, *model.graph.output):
        yield from _info_texts(info)
    for tensor in graph.tensors(model):
        yield tensor.name
        for entry in tensor.external_data:
            yield from (entry.key, entry.value)


def _node_texts(node: NodeProto) -> Iterator[object]:
    yield from (node.op_type, node.domain, *node.input, *node.output)
    yield from (each.name for each in node.attribute)


def _info_texts(info: ValueInfoProto) -> Iterator[object]:
    yield info.name
    yield from (size.dim_param for size in info.type.tensor_type.shape.dim)
