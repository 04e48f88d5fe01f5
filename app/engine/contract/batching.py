"""Whether a graph keeps the rows of a batch apart when their lengths differ.

Rows are padded on the right, so each must be told its own length: by an input of its own, or by
the sum of its row of the mask. Whatever reads only the width of the mask sees the longest row's.
"""

from collections.abc import Iterable

from onnx import AttributeProto, ModelProto, NodeProto, numpy_helper

from app.engine.contract.values import Feed, Role
from app.engine.files import graph

_GROUPED = "GroupQueryAttention"
_LENGTHS, _TOTAL = (_GROUPED, 5), (_GROUPED, 6)
"""Operator and place of what says how long each row is, and how long the longest is (ONNX Runtime,
ContribOperators.md)."""
_ROLES = frozenset(
    {
        Role.IDS,
        Role.MASK,
        Role.POSITIONS,
        Role.LOGITS_TO_KEEP,
        Role.LOGITS_AT,
        Role.LAST_POSITION,
        Role.TOTAL_LENGTH,
        Role.QUERY_LENGTHS,
    }
)
_PASSING = frozenset({"Add", "Cast", "Identity", "Reshape", "Squeeze", "Sub", "Unsqueeze"})


def keeps_rows_apart(model: ModelProto, feeds: Iterable[Feed]) -> bool:
    """Whether rows of different lengths may run together; False where that is not certain."""
    flow = _Flow(model)
    return all(_is_sound(feed, flow) for feed in feeds)


def _is_sound(feed: Feed, flow: "_Flow") -> bool:
    if feed.role not in _ROLES or (feed.shape and feed.shape[0] == 1 and _by_row(feed)):
        return False
    match feed.role:
        case Role.MASK:
            return flow.ends(feed.name) <= {_LENGTHS, _TOTAL}
        case Role.LAST_POSITION:
            return flow.ends(feed.name) <= {_LENGTHS}
        case Role.TOTAL_LENGTH:
            return flow.ends(feed.name) <= {_TOTAL}
    return True


def _by_row(feed: Feed) -> bool:
    return feed.role in (Role.IDS, Role.MASK, Role.POSITIONS, Role.LAST_POSITION)


class _Flow:
    """Where a tensor gets to through operators that only pass on what it says of each row."""

    def __init__(self, model: ModelProto) -> None:
        self._readers: dict[str, list[tuple[NodeProto, int]]] = {}
        for node in graph.nodes(model):
            for place, name in enumerate(node.input):
                self._readers.setdefault(name, []).append((node, place))
        self._stored = {each.name: each for each in model.graph.initializer}
        for node in graph.nodes(model):
            if node.op_type == "Constant" and node.attribute[0].type == AttributeProto.TENSOR:
                self._stored[node.output[0]] = node.attribute[0].t

    def ends(self, name: str) -> set[tuple[str, int]]:
        """Operators and places at which it is used up."""
        found: set[tuple[str, int]] = set()
        for node, place in self._readers.get(name, ()):
            if node.op_type == "Shape":
                found |= self._width_ends(node.output[0])
            elif node.op_type in _PASSING or self._sums_rows(node):
                found |= self.ends(node.output[0])
            else:
                found.add((node.op_type, place))
        return found

    def _width_ends(self, name: str) -> set[tuple[str, int]]:
        """The same of a shape, which may only say how long the longest row is."""
        found: set[tuple[str, int]] = set()
        for node, place in self._readers.get(name, ()):
            if node.op_type == "Gather" or node.op_type in _PASSING:
                found |= self._width_ends(node.output[0])
            else:
                found.add((node.op_type, place))
        return {("Shape", 0) if end == _LENGTHS else end for end in found}

    def _sums_rows(self, node: NodeProto) -> bool:
        if node.op_type != "ReduceSum":
            return False
        axes = [list(each.ints) for each in node.attribute if each.name == "axes"]
        if len(node.input) > 1 and node.input[1] in self._stored:
            axes = [numpy_helper.to_array(self._stored[node.input[1]]).ravel().tolist()]
        return axes in ([[1]], [[-1]])
