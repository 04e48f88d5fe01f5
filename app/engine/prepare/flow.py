"""Which tensors of a graph depend on the tokens, and which only on how many there are.

Masks and rotary tables are of the second kind: they can be worked out without the model, over as
many positions as one likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx import NodeProto, TensorProto

from app.engine.prepare.rewrite import Rewrite
from app.engine.prepare.shapes import Shape, declared, infer_shapes

PRODUCTS = ("MatMul", "MatMulNBits", "MatMulBnb4", "MatMulInteger", "Gemm", "QMoE")
_SHAPES_ONLY = ("Shape", "Size")
_ROTARY = "RotaryEmbedding"
_NUMBERS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)


@dataclass(frozen=True, slots=True)
class Symbols:
    """What the graph calls its own sizes: rows, new tokens, cached tokens and both together."""

    batch: str
    new: str
    past: str
    total: str


class Flow:
    """Follows values through the outer nodes of a graph.

    `counted` are the inputs that say only where tokens stand: the mask and the positions.
    """

    def __init__(self, rewrite: Rewrite, counted: Sequence[str], symbols: Symbols) -> None:
        self.rewrite = rewrite
        self.symbols = symbols
        self._order = {id(node): place for place, node in enumerate(rewrite.nodes)}
        self._told = set(rewrite.inputs) - set(counted)
        for node in rewrite.nodes:
            if self._tells(node):
                self._told.update(node.output)
        self._shapes = infer_shapes(rewrite.model, self.sources)

    def depends(self, name: str) -> bool:
        """Whether the values of `name` depend on the tokens or on what is cached of them."""
        return name in self._told

    def shape(self, name: str) -> Shape | None:
        """The inferred shape: numbers, symbols, or None for a size that is not known."""
        return self._shapes.get(name)

    def sources(self, node: NodeProto) -> list[str]:
        """The inputs of a node that depend on the tokens."""
        return [name for name in dict.fromkeys(node.input) if self.depends(name)]

    def weighted(self, node: NodeProto) -> bool:
        """Whether a node brings in weights of the model, a rotary table not counted."""
        if node.op_type in PRODUCTS and len(self.sources(node)) == 1:
            return True
        if node.op_type == _ROTARY:
            return False
        return any(self._is_vector(name) for name in node.input if name)

    def roots(self, name: str, stop: frozenset[str] = frozenset()) -> list[str]:
        """The tensors that everything in `name` has passed through, the nearest first.

        The search ends at the model's own weights; what reaches `stop` does not count.
        """
        open_ends, found = {name}, [name]
        while open_ends:
            latest = max(open_ends, key=self._place)
            node = self.rewrite.producers.get(latest)
            if node is None or self.weighted(node):
                break
            open_ends.remove(latest)
            open_ends.update(each for each in self.sources(node) if each not in stop)
            if len(open_ends) == 1:
                found += open_ends
        return found

    def reached(self, name: str, goals: frozenset[str]) -> set[str]:
        """Which of `goals` a value is made of, the model's own weights not passed."""
        waiting, seen, found = [name], {name}, set()
        while waiting:
            at = waiting.pop()
            node = self.rewrite.producers.get(at)
            if at in goals:
                found.add(at)
            elif node is not None and not self.weighted(node):
                fresh = [each for each in self.sources(node) if each not in seen]
                seen.update(fresh)
                waiting += fresh
        return found

    def _tells(self, node: NodeProto) -> bool:
        return node.op_type not in _SHAPES_ONLY and bool(self.sources(node))

    def _place(self, name: str) -> int:
        node = self.rewrite.producers.get(name)
        return -1 if node is None else self._order[id(node)]

    def _is_vector(self, name: str) -> bool:
        """Whether `name` is made of a stored weight of several numbers and nothing else."""
        stored = self.rewrite.weight(name)
        if stored is not None:
            return bool(stored.dims) and max(stored.dims) > 1 and stored.data_type in _NUMBERS
        node = self.rewrite.producers.get(name)
        if node is None or node.op_type not in (
            "Identity",
            "Cast",
            "Transpose",
            "DequantizeLinear",
        ):
            return False
        return self._is_vector(node.input[0])


def symbols(rewrite: Rewrite, ids: str, past: str, mask: str) -> Symbols | None:
    """The names that inputs give to the graph's sizes; None where they give none."""
    shapes = {each.name: declared(each) for each in rewrite.model.graph.input}
    try:
        (batch, new), cached = shapes[ids], shapes[past][2]
        total = shapes[mask][1] if mask in shapes else f"{cached} + {new}"
    except (KeyError, IndexError, ValueError):
        return None
    names = (batch, new, cached, total)
    known = [each for each in names if isinstance(each, str)]
    return Symbols(*known) if len(known) == len(names) == len(set(names)) else None
