"""What a decoder's operators say about it: may it run here, may its cache be written in place, and
how many positions do its rotary tables hold."""

from collections import Counter
from collections.abc import Iterator

from onnx import ModelProto, NodeProto

from app.engine.files import graph
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
        if "PagedAttention" in node.op_type:
            raise ModelUnsupported(
                "This model keeps its cache in pages that a server manages, which Candor does not "
                "do.",
                "Choose a variant with an ordinary cache.",
            )
        if node.domain not in _DOMAINS | own:
            raise ModelUnsupported(
                f'This model needs the operator "{node.op_type}" of "{node.domain}", which Candor '
                "does not load.",
                "Choose a model that uses standard operators only.",
            )


def shared_memory(model: ModelProto) -> dict[str, str]:
    """Past to present of the caches that one grouped-query attention reads, and nothing else.

    Such a present may take the memory of its past. Any other reader might depend on the past's
    length, which a buffer of fixed capacity does not tell. Keys and values have one length, so
    they go together.
    """
    readers = Counter(name for node in graph.nodes(model) for name in node.input)
    found = {}
    for node in _grouped(model):
        pasts = [node.input[place] for place in _PAST_TO_PRESENT if place < len(node.input)]
        presents = [node.output[at] for at in _PAST_TO_PRESENT.values() if at < len(node.output)]
        if len(presents) == len(pasts) and all(readers[name] == 1 for name in pasts):
            found |= zip(pasts, presents, strict=True)
    return found


def rounded_caches(model: ModelProto) -> frozenset[str]:
    """The pasts of 8 bits whose steps are stored in the graph."""
    stored = {tensor.name for tensor in model.graph.initializer}
    return frozenset(
        node.input[past]
        for node in _grouped(model)
        for past, step in ((3, 12), (4, 13))
        if len(node.input) > step and node.input[step] in stored
    )


def windows(model: ModelProto) -> dict[str, int]:
    """The pasts that hold only the latest positions, and how many of them."""
    found = {}
    for node in _grouped(model):
        attributes = {each.name: each.i for each in node.attribute}
        if attributes.get("sliding_window_cache"):
            size = attributes.get("local_window_size", 0)
            found |= {node.input[place]: size for place in _PAST_TO_PRESENT}
    return found


def rotary_positions(model: ModelProto) -> int | None:
    """The rows of the smallest cosine table that grouped-query attention reads."""
    sizes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    tables = {node.input[_COSINES] for node in _grouped(model) if len(node.input) > _COSINES}
    return min((sizes[name][0] for name in tables if sizes.get(name)), default=None)


def chooses_angles(model: ModelProto) -> bool:
    """Whether a conditional chooses the cosines of the grouped-query attention."""
    chosen = {name for node in graph.nodes(model) if node.op_type == "If" for name in node.output}
    return any(name in chosen for node in _grouped(model) for name in node.input[_COSINES:])


def _grouped(model: ModelProto) -> Iterator[NodeProto]:
    return (node for node in graph.nodes(model) if node.op_type == _GROUPED)
