"""What a decoder's operators say about it: may it run here, may its cache be written in place, and
how many positions do its rotary tables hold."""

from collections.abc import Mapping

from onnx import ModelProto, NodeProto

from app.engine import graph
from app.errors import ModelUnsupported

_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"})
_GROUPED = "GroupQueryAttention"
# Places of GroupQueryAttention's arguments (ONNX Runtime, ContribOperators.md).
_PAST_TO_PRESENT = {3: 1, 4: 2}
_COSINES = 7


def check(model: ModelProto) -> None:
    """Refuse operators that Candor does not load.

    Raises:
        ModelUnsupported: one comes from a library of its own, or is compiled for one device.
    """
    own = {function.domain for function in model.functions}
    for node in graph.nodes(model):
        if node.op_type == "EPContext":
            raise ModelUnsupported(
                "This model was compiled for one kind of device and cannot run here.",
                "Choose a variant for the CPU.",
            )
        if node.domain not in _DOMAINS | own:
            raise ModelUnsupported(
                f'This model needs the operator "{node.op_type}" of "{node.domain}", which Candor '
                "does not load.",
                "Choose a model that uses standard operators only.",
            )


def share_memory(model: ModelProto, pairs: Mapping[str, str]) -> bool:
    """Whether every past of `pairs` (past to present) meets its present in one grouped-query
    attention and is read nowhere else.

    Any other reader might depend on the past's length, which a buffer of fixed capacity does not
    tell.
    """
    readers = [
        (name, _present(node, place))
        for node in graph.nodes(model)
        for place, name in enumerate(node.input)
        if name in pairs
    ]
    return sorted(readers, key=str) == sorted(pairs.items(), key=str)


def rotary_positions(model: ModelProto) -> int | None:
    """The rows of the smallest cosine table that grouped-query attention reads."""
    sizes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    tables = {
        node.input[_COSINES]
        for node in graph.nodes(model)
        if node.op_type == _GROUPED and len(node.input) > _COSINES
    }
    return min((sizes[name][0] for name in tables if sizes.get(name)), default=None)


def _present(node: NodeProto, place: int) -> str | None:
    """The output that continues input `place` in the same memory, if the operator allows it."""
    output = _PAST_TO_PRESENT.get(place) if node.op_type == _GROUPED else None
    return node.output[output] if output is not None and output < len(node.output) else None
