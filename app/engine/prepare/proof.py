"""Proves that a spelled-out attention does what `GroupQueryAttention` does.

The attention is cut out of its graph and run as a black box: over single ones, to read its rotary
tables off for every position of the context; over equal keys, to see which of them it looks at;
over random values, to compare it with the fused operator at many lengths. What it is spelled with
does not matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto, helper

from app.engine.prepare.attention import Attention, Order
from app.engine.prepare.calculator import Calculator
from app.engine.prepare.flow import Flow
from app.engine.prepare.part import Part, ReadWeight
from app.engine.prepare.rewrite import MICROSOFT, Unfit
from app.engine.prepare.rotary import Rotary, basis, read_tables, rotaries
from app.engine.prepare.spelling import fused_nodes, table_names

TOLERANCE: dict[int, float] = {TensorProto.FLOAT: 2e-5, TensorProto.FLOAT16: 4e-3}
"""Of the largest value, by element type: sums in another order, or with less rounding between,
differ by less."""
_LAST, _TOTAL = "fused/last", "fused/total"
_SHORT = ((0, 1), (0, 7), (1, 1), (5, 3), (3, 16), (40, 40))  # cached and new tokens


@dataclass(frozen=True, slots=True)
class Rule:
    """What a fused attention is told; `window` is -1 where it looks at everything before."""

    scale: float
    window: int
    rotary: Rotary | None


class Proof:
    """One attention under comparison, for contexts up to `context` tokens, the first of which has
    the position `first`; it computes in the element type `kind`.

    Raises:
        Uncuttable: it depends on something that is not known.
    """

    def __init__(
        self,
        flow: Flow,
        read: ReadWeight,
        attention: Attention,
        context: int,
        first: int = 0,
        kind: int = TensorProto.FLOAT,
    ) -> None:
        self._flow = flow
        self._of = attention
        self._context = context
        self._first = first
        self._kind = kind
        self._dtype = helper.tensor_dtype_to_np_dtype(kind)
        self._whole = Part(flow, read, attention.inputs, attention.outputs, kind)
        self._turning = Part(flow, read, (attention.keys.name,), (attention.turned,), kind)
        self._rng = np.random.default_rng(0)

    def rule(self) -> Rule | Unfit:
        """The rule under which the fused operator gives the same, if there is one."""
        scale = self._scale()
        for window in self._windows():
            for rotary in self._rotaries():
                rule = Rule(scale, window, rotary)
                if self.holds(rule):
                    return rule
        return Unfit("an attention does something that the fused one does not")

    def holds(self, rule: Rule) -> bool:
        """Whether both give the same over random values at every length tried."""
        fused = Calculator(self._fused(rule))
        return all(self._agree(fused, past, new) for past, new in self._lengths(rule.window))

    def _rotaries(self) -> Iterator[Rotary | None]:
        """Ways to turn the keys that agree with what single ones become."""
        if self._of.turned == self._of.keys.name:
            yield None
            return
        for interleaved, size in rotaries(self._of.head_size):
            ones = basis(self._of.head_size, size, interleaved)
            keys = np.broadcast_to(ones, (1, self._context, self._of.kv_heads, len(ones)))
            tables = read_tables(self._turn(keys), size, interleaved)
            if tables is not None:
                yield tables if tables.turns else None

    def _turn(self, keys: np.ndarray) -> np.ndarray:
        """The first head of the turned keys, [tokens, size], from position 0 on."""
        count = keys.shape[1]
        feeds = {**self._counts(0, count), self._of.keys.name: _ordered(keys, self._of.keys.order)}
        turned = self._turning.run(feeds, 0, count)[0]
        return turned[0, 0] if turned.ndim == 4 else turned[0, :, : self._of.head_size]

    def _scale(self) -> float:
        """What a product of query and key is multiplied with, off a pair of known product.

        The cached key and value are zero, so that the share of the new one tells its weight.
        """
        size = self._of.head_size
        side = np.full((1, 1, 1, size), size**-0.25, np.float32)  # a product of sqrt(size)
        values = self._values(1, 1, side, np.ones_like(side), cached=0.0)
        share = float(self._run(values, 1, 1)[0].ravel()[0])
        if not 0 < share < 1:
            return size**-0.5
        scale = np.log(share / (1 - share)) / size**0.5
        squared = round(float(scale) ** -2)  # scales are one over the root of a whole number
        exact = max(squared, 1) ** -0.5
        return exact if abs(scale / exact - 1) < 1e-4 else float(scale)

    def _windows(self) -> Iterator[int]:
        """No window, and one that is as wide as the attention seems to look at its furthest."""
        yield -1
        seen = self._seen()
        if seen < self._context:
            yield seen

    def _seen(self) -> int:
        """How many keys are looked at, off the mean of the places of those that are."""
        past = self._context - 1
        zeros = np.zeros((1, 1, 1, self._of.head_size), np.float32)
        values = self._values(past, 1, zeros, zeros, cached=0.0)
        places = np.arange(past, dtype=np.float32)[None, None, :, None]
        values[self._of.past_value] = values[self._of.past_value] + places
        values[self._of.values.name] = values[self._of.values.name] + np.float32(past)
        mean = float(self._run(values, past, 1)[0].ravel()[0])
        first = round(2 * mean - past)
        return past - first + 1

    def _lengths(self, window: int) -> Iterator[tuple[int, int]]:
        """Cached and new tokens; the longest first, which tells most."""
        yield self._context - 8, 8
        yield from _SHORT
        if window > 0:
            yield from ((window + step, 3) for step in (-4, -2, -1, 0, 1) if window + step > 0)
        past = 128
        while past + 8 < self._context:
            yield past, 8
            past *= 8

    def _agree(self, fused: Calculator, past: int, new: int) -> bool:
        if past < 0 or past + new > self._context:
            return True
        values = self._random(past, new)
        lengths = {_LAST: np.array([past + new - 1]), _TOTAL: np.array(past + new)}
        given = values | {name: each.astype(np.int32) for name, each in lengths.items()}
        ours = fused.run(self._of.outputs, {k: v for k, v in given.items() if k in self._names})
        theirs = self._run(values, past, new)
        tolerance = TOLERANCE[self._kind]
        return all(_close(a, b, tolerance) for a, b in zip(ours, theirs, strict=True))

    @property
    def _names(self) -> set[str]:
        return {*self._of.inputs, _LAST, _TOTAL}

    def _run(self, values: dict[str, np.ndarray], past: int, new: int) -> list[np.ndarray]:
        return self._whole.run({**self._counts(past, new), **values}, past, new)

    def _counts(self, past: int, new: int) -> dict[str, np.ndarray]:
        """What the graph is told of places: everything seen, one position after the other."""
        kinds = {
            each.name: helper.tensor_dtype_to_np_dtype(each.type.tensor_type.elem_type)
            for each in self._flow.rewrite.model.graph.input
        }
        mask, positions = np.ones((1, past + new)), self._first + np.arange(past, past + new)[None]
        given = {"attention_mask": mask, "position_ids": positions}
        return {name: each.astype(kinds[name]) for name, each in given.items() if name in kinds}

    def _values(
        self, past: int, new: int, side: np.ndarray, value: np.ndarray, cached: float
    ) -> dict[str, np.ndarray]:
        """Every query and key alike, every value alike, everything cached alike."""
        of, size = self._of, self._of.head_size
        wide, narrow = (1, new, of.heads, size), (1, new, of.kv_heads, size)
        old = np.full((1, of.kv_heads, past, size), cached, np.float32)
        return {
            of.queries.name: _ordered(np.broadcast_to(side, wide), of.queries.order),
            of.keys.name: _ordered(np.broadcast_to(side, narrow), of.keys.order),
            of.values.name: _ordered(np.broadcast_to(value, narrow), of.values.order),
            of.past_key: old,
            of.past_value: old.copy(),
        }

    def _random(self, past: int, new: int) -> dict[str, np.ndarray]:
        zero = np.zeros(1, np.float32)
        alike = self._values(past, new, zero, zero, cached=0.0)
        return {
            name: self._rng.standard_normal(value.shape, dtype=np.float32).astype(self._dtype)
            for name, value in alike.items()
        }

    def _fused(self, rule: Rule) -> ModelProto:
        of = self._of
        tables = table_names("fused") if rule.rotary else None
        nodes, shapes = fused_nodes(of, rule, (_LAST, _TOTAL), tables)
        weights = list(shapes)
        if rule.rotary and tables:
            weights += rule.rotary.weights(tables, self._kind)
        integers = {_LAST: [1], _TOTAL: []}
        inputs = [helper.make_tensor_value_info(each, self._kind, None) for each in of.inputs]
        inputs += [
            helper.make_tensor_value_info(name, TensorProto.INT32, shape)
            for name, shape in integers.items()
        ]
        outputs = [helper.make_tensor_value_info(each, self._kind, None) for each in of.outputs]
        graph = helper.make_graph(nodes, "fused", inputs, outputs, weights)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def _ordered(values: np.ndarray, order: Order) -> np.ndarray:
    """Values [1, tokens, heads, size] in the order that the graph has them."""
    if order is Order.HEADS_FIRST:
        values = values.transpose(0, 2, 1, 3)
    if order is Order.FLAT:
        values = values.reshape(*values.shape[:2], -1)
    return np.ascontiguousarray(values)


def _close(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> bool:
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
    return float(np.abs(ours - theirs).max()) <= tolerance * float(np.abs(theirs).max())
