"""A float32 twin of a half-precision graph: the same nodes under the same names.

It computes what the graph does but for the rounding, so that two spellings of the same can be told
from two that differ.
"""

from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from app.engine.files import graph
from app.engine.prepare.part import ReadWeight

_HALF, _WHOLE = TensorProto.FLOAT16, TensorProto.FLOAT


def widened(model: ModelProto) -> ModelProto:
    """The twin; weights that lie elsewhere are only declared as float32 ones."""
    twin = ModelProto()
    twin.CopyFrom(model)
    body = twin.graph
    for value in (*body.input, *body.output, *body.value_info):
        kind = value.type.tensor_type
        if kind.elem_type == _HALF:
            kind.elem_type = _WHOLE
    for weight in body.initializer:
        _widen(weight)
    for node in graph.nodes(twin):
        _widen_attributes(node)
    return twin


def widened_weights(model: ModelProto, read: ReadWeight) -> ReadWeight:
    """Reads for the twin what `read` does for `model`."""
    stored = {each.name: each for each in model.graph.initializer}

    def read_widened(weight: TensorProto) -> TensorProto:
        copy = TensorProto()
        copy.CopyFrom(read(stored[weight.name]))
        _widen(copy)
        return copy

    return read_widened


def _widen_attributes(node: NodeProto) -> None:
    for each in node.attribute:
        if each.HasField("t"):
            _widen(each.t)
        if each.name in ("to", "dtype") and each.i == _HALF:
            each.i = _WHOLE


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type != _HALF:
        return
    if tensor.data_location == TensorProto.EXTERNAL:
        tensor.data_type = _WHOLE
    else:
        values = numpy_helper.to_array(tensor).astype("float32")
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
