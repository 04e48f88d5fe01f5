"""Finds attention that a graph spells out: where queries, keys and values go in, and where the
mixed values come out. What lies between is not read here; `proof` compares what it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from onnx import NodeProto, TensorProto

from app.engine.prepare.flow import Flow
from app.engine.prepare.rewrite import Rewrite, Unfit, attribute

_BETWEEN = ("Where", "IsNaN", "Cast", "Dropout", "Identity")
_FUSED = ("MultiHeadAttention", "Attention")


class Order(Enum):
    """How a tensor holds the channels of heads for each token."""

    FLAT = "rows, tokens, heads * size"
    TOKENS_FIRST = "rows, tokens, heads, size"
    HEADS_FIRST = "rows, heads, tokens, size"


@dataclass(frozen=True, slots=True)
class Side:
    """Queries, keys or values as they go into an attention."""

    name: str
    order: Order


@dataclass(frozen=True, slots=True)
class Attention:
    """One layer's attention, by the names of its tensors.

    `turned` are the keys as they are cached, `mixed` [rows, tokens, heads * size] comes out.
    """

    queries: Side
    keys: Side
    values: Side
    turned: str
    past_key: str
    past_value: str
    present_key: str
    present_value: str
    mixed: str
    heads: int
    kv_heads: int
    head_size: int

    @property
    def sides(self) -> tuple[Side, Side, Side]:
        """Queries, keys and values."""
        return self.queries, self.keys, self.values

    @property
    def inputs(self) -> tuple[str, ...]:
        """What an attention reads: queries, keys, values and what is cached."""
        return (*(side.name for side in self.sides), self.past_key, self.past_value)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What an attention gives: mixed values, and what is to be cached."""
        return self.mixed, self.present_key, self.present_value


def find_attentions(
    flow: Flow, pairs: Mapping[str, str], head_size: int, kv_heads: int
) -> list[Attention] | Unfit:
    """Every layer's attention, of a graph whose pasts are continued by `pairs`."""
    finder = _Finder(flow, pairs, head_size, kv_heads)
    cores = [node for node in flow.rewrite.nodes if node.op_type in ("Softmax", *_FUSED)]
    cores = [node for node in cores if any(flow.depends(name) for name in node.input)]
    found = []
    for core in cores:
        attention = finder.fused(core) if core.op_type in _FUSED else finder.spelled(core)
        if isinstance(attention, Unfit):
            return attention
        found.append(attention)
    cached = {name for each in found for name in (each.past_key, each.past_value)}
    if not found or cached != set(pairs) or len(cached) != 2 * len(found):
        return Unfit("not every part of its cache belongs to an attention of a known shape")
    return found


class _Finder:
    def __init__(self, flow: Flow, pairs: Mapping[str, str], head_size: int, kv_heads: int) -> None:
        self._flow = flow
        self._rewrite: Rewrite = flow.rewrite
        self._pasts = {present: past for past, present in pairs.items()}
        self._head_size = head_size
        self._kv_heads = kv_heads

    def spelled(self, softmax: NodeProto) -> Attention | Unfit:
        """Attention around a Softmax, its cache grown by two Concats."""
        presents = frozenset(self._pasts)
        product = self._product(softmax)
        if product is None:
            return Unfit("the weights of its attention go somewhere unknown")
        keys = self._flow.reached(softmax.input[0], presents)
        values = self._flow.reached(product.input[1], presents)
        if len(keys) != 1 or len(values) != 1:
            return Unfit("an attention reads more or less than one layer of its cache")
        present_key, present_value = keys.pop(), values.pop()
        turned, new = self._appended(present_key), self._appended(present_value)
        mixed = self._joined(product)
        if turned is None or new is None or mixed is None:
            return Unfit("its cache grows in an unknown way")
        queries = self._input(softmax.input[0], frozenset({present_key}))
        return self._attention((queries, turned, new), (mixed, present_key, present_value))

    def fused(self, node: NodeProto) -> Attention | Unfit:
        """Attention that is one node with a cache of its own, its heads repeated or not."""
        outputs = list(node.output[:3])
        if len(outputs) < 3 or not set(outputs[1:]) <= set(self._pasts):
            return Unfit("an attention has no cache of its own")
        queries, keys, values = node.input[:3]
        if not (keys and values):
            return Unfit("an attention reads its queries, keys and values as one")
        mixed, present_key, present_value = outputs
        return self._attention(
            (self._input(queries), keys, values), (mixed, present_key, present_value)
        )

    def _attention(
        self, inputs: tuple[Side | None, str, str], outputs: tuple[str, str, str]
    ) -> Attention | Unfit:
        queries, turned, new = inputs
        keys, values = self._input(turned), self._input(new)
        heads = self._width(outputs[0])
        if queries is None or keys is None or values is None or heads is None:
            return Unfit("the queries, keys or values of an attention are not found")
        return Attention(
            queries=queries, keys=keys, values=values, turned=turned,
            past_key=self._pasts[outputs[1]], past_value=self._pasts[outputs[2]],
            mixed=outputs[0], present_key=outputs[1], present_value=outputs[2],
            heads=heads, kv_heads=self._kv_heads, head_size=self._head_size,
        )  # fmt: skip

    def _product(self, softmax: NodeProto) -> NodeProto | None:
        """The product of the attention's weights and the values."""
        name = softmax.output[0]
        for _ in range(len(_BETWEEN)):
            readers = self._rewrite.readers[name]
            products = [each for each in readers if each.op_type == "MatMul"]
            if products:
                return products[0] if products[0].input[0] == name else None
            onward = [each for each in readers if each.op_type in _BETWEEN]
            if not onward:
                return None
            name = onward[-1].output[0]
        return None

    def _joined(self, product: NodeProto) -> str | None:
        """The mixed values, heads put side by side, behind a Transpose and a Reshape."""
        name = product.output[0]
        while readers := self._rewrite.readers[name]:
            reader = readers[0]
            if len(readers) > 1 or reader.op_type not in ("Transpose", "Reshape", "Cast"):
                return None
            name = reader.output[0]
            if reader.op_type == "Reshape":
                return name
        return None

    def _appended(self, present: str) -> str | None:
        """What a Concat appends to the past that `present` continues."""
        node = self._rewrite.producers.get(present)
        if node is None or node.op_type != "Concat" or attribute(node, "axis") not in (2, -2):
            return None
        names = list(node.input)
        return names[1] if len(names) == 2 and names[0] == self._pasts[present] else None

    def _input(self, name: str, stop: frozenset[str] = frozenset()) -> Side | None:
        """The furthest tensor behind `name` that holds whole heads for each token."""
        roots = self._flow.roots(name, stop)
        fit = [Side(each, order) for each in roots if (order := self._order(each))]
        return fit[-1] if fit else None

    def _order(self, name: str) -> Order | None:
        shape, new = self._flow.shape(name) or (), self._flow.symbols.new
        if len(shape) == 3 and shape[1] == new:
            whole = isinstance(shape[2], int) and shape[2] % self._head_size == 0
            return Order.FLAT if whole else None
        if len(shape) != 4 or shape[3] != self._head_size:
            return None
        orders = {new == shape[1]: Order.TOKENS_FIRST, new == shape[2]: Order.HEADS_FIRST}
        return orders.get(True)

    def _width(self, mixed: str) -> int | None:
        """Heads of the queries, by the rows of the weight that the mixed values meet."""
        for reader in self._rewrite.readers[mixed]:
            rows = self._rows(reader)
            if rows is not None:
                return rows // self._head_size
        return None

    def _rows(self, product: NodeProto) -> int | None:
        stated = attribute(product, "K")
        if isinstance(stated, int):
            return stated
        weight: TensorProto | None = None
        if product.op_type in ("MatMul", "Gemm"):
            weight = self._rewrite.weight(product.input[1])
        return weight.dims[0] if weight is not None and len(weight.dims) == 2 else None
