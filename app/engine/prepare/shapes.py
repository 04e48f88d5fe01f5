"""Shapes of a graph's tensors, also behind operators that ONNX's own inference does not know.

Such operators are replaced by standard ones that give the same shape. What tokens are combined
with, masks and tables, is taken to be no larger than they are. A wrong shape does no harm: it is
proven later whatever is built on it.
"""

from collections.abc import Callable, Mapping

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, shape_inference

from app.engine.prepare.rewrite import attribute

Size = int | str | None
Shape = tuple[Size, ...]
_AS_FIRST = (
    "RotaryEmbedding",
    "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "SkipLayerNormalization",
    "MultiHeadAttention",
    "QuickGelu",
    "FastGelu",
    "BiasGelu",
    "Gelu",
)
_BY_ELEMENT = ("Add", "Sub", "Mul", "Div")


def infer_shapes(
    model: ModelProto, sources: Callable[[NodeProto], list[str]]
) -> Mapping[str, Shape]:
    """Numbers, symbols, or None for a size that is not known; `sources` are the inputs of a node
    that depend on the tokens."""
    twin = ModelProto()
    twin.CopyFrom(model)
    del twin.graph.node[:]
    del twin.graph.value_info[:]  # converters leave sizes there that say less than operators do
    for node in model.graph.node:
        twin.graph.node.extend(_stand_ins(node, sources(node), twin))
    inferred = shape_inference.infer_shapes(twin, data_prop=True).graph
    known = [*inferred.input, *inferred.value_info, *inferred.output]
    return {each.name: declared(each) for each in known if each.type.tensor_type.HasField("shape")}


def declared(info: ValueInfoProto) -> Shape:
    """The shape that a value is declared with."""
    sizes = info.type.tensor_type.shape.dim
    return tuple(
        size.dim_value if size.HasField("dim_value") else size.dim_param or None for size in sizes
    )


def _stand_ins(node: NodeProto, sources: list[str], twin: ModelProto) -> list[NodeProto]:
    if node.op_type in _AS_FIRST or (node.op_type in _BY_ELEMENT and len(sources) == 1):
        name = node.input[0] if node.op_type in _AS_FIRST else sources[0]
        sums = [node.output[0], *node.output[3:4]]  # a skipping norm also gives the sum
        return [helper.make_node("Identity", [name], [each]) for each in sums if each]
    if node.op_type == "MatMulNBits":
        weight = _weight(twin, node, [_stated(node, "K"), _stated(node, "N")])
        return [helper.make_node("MatMul", [node.input[0], weight], node.output)]
    if node.op_type == "GatherBlockQuantized":
        weight = _weight(twin, node, _unpacked(twin, node))
        return [helper.make_node("Gather", [weight, node.input[1]], node.output)]
    return [node]


def _unpacked(twin: ModelProto, node: NodeProto) -> list[Size]:
    """The shape of a table whose scales tell how many blocks a row has."""
    scales = next((each for each in twin.graph.initializer if each.name == node.input[2]), None)
    block = _stated(node, "block_size")
    if scales is None or len(scales.dims) != 2 or block is None:
        return [None, None]
    return [scales.dims[0], scales.dims[1] * block]


def _stated(node: NodeProto, name: str) -> int | None:
    value = attribute(node, name)
    return value if isinstance(value, int) else None


def _weight(twin: ModelProto, node: NodeProto, shape: list[Size]) -> str:
    """An input that stands for a packed weight."""
    name = f"{node.output[0]}/unpacked"
    info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    twin.graph.input.append(info)
    return name
