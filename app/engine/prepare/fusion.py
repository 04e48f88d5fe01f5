"""Attention that standard operators spell out, fused to `GroupQueryAttention`, whose cache may be
written in place and which takes its lengths as they are. Only where every layer is proven to do
the same within float32 rounding; one that is not leaves the whole graph as it is. A half-precision
graph is proven by its float32 twin, and then compared in half precision, too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onnx import ModelProto, TensorProto

from app.engine.contract import Contract, Role
from app.engine.files import operators
from app.engine.prepare.attention import Attention, find_attentions
from app.engine.prepare.flow import Flow, symbols
from app.engine.prepare.lengths import LAST, TOTAL
from app.engine.prepare.part import ReadWeight, Uncuttable
from app.engine.prepare.proof import Proof, Rule
from app.engine.prepare.rewrite import MICROSOFT, Rewrite, Unfit, grouped_attentions
from app.engine.prepare.rotary import Rotary
from app.engine.prepare.spelling import fused_nodes, table_names
from app.engine.prepare.widened import widened, widened_weights
from app.errors import ModelUnsupported

_COUNTED = ("attention_mask", "position_ids")
_HEAD_STEP = 16
_KINDS = ({TensorProto.FLOAT}, {TensorProto.FLOAT16})


@dataclass(frozen=True, slots=True)
class Cache:
    """What is known of a graph's cache: each past and the present that continues it, the sizes,
    the most tokens that it will hold, and the position that the first of them is given."""

    pairs: Mapping[str, str]
    kv_heads: int
    head_size: int
    context: int
    first_position: int = 0


def cache_of(contract: Contract, context: int) -> Cache | Unfit:
    """The cache of a contract, if it is keys and values of one size and nothing else."""
    states = contract.states
    sizes = {(each.kv_heads, each.head_size) for each in states if len(each.shape) == 4}
    if len(sizes) != 1 or any(each.axis != 2 or each.length for each in states):
        return Unfit("its cache is not keys and values of one size")
    pairs = {each.past: each.present for each in states}
    first = 1 if contract.feed(Role.POSITIONS_FROM_ONE) else 0
    return Cache(pairs, *sizes.pop(), context, first)


def fuse_attention(
    model: ModelProto, cache: Cache, read: ReadWeight, on_layer: Callable[[int, int], None]
) -> ModelProto | Unfit:
    """Fuse every attention of the graph; `read` brings weights that lie in other files.

    `on_layer` gets the layers proven and their number.
    """
    if grouped_attentions(model):
        return Unfit("its attention is fused already")
    if cache.head_size % _HEAD_STEP:
        return Unfit(f"its head size, {cache.head_size}, is no multiple of {_HEAD_STEP}")
    rewrite = Rewrite(model)
    names = symbols(rewrite, "input_ids", next(iter(cache.pairs)), "attention_mask")
    kinds = {_kind(model, name) for name in cache.pairs}
    if names is None or kinds not in _KINDS:
        return Unfit("its cache is not float32 or float16 of sizes that have names")
    flow = Flow(rewrite, _COUNTED, names)
    proving = _Proving(cache, on_layer, [(flow, read, TensorProto.FLOAT)])
    if kinds == {TensorProto.FLOAT16}:
        twin = Flow(Rewrite(widened(model)), _COUNTED, names)
        proving.spellings = [
            (twin, widened_weights(model, read), TensorProto.FLOAT),
            (flow, read, TensorProto.FLOAT16),
        ]
    found = find_attentions(proving.spellings[0][0], cache.pairs, cache.head_size, cache.kv_heads)
    if isinstance(found, Unfit):
        return found
    rules = proving.rules(found)
    if isinstance(rules, Unfit):
        return rules
    return _replace(flow, found, rules, cache, kinds.pop())


@dataclass(slots=True)
class _Proving:
    """Proves layer by layer: the rule is found in the first of the `spellings` of a graph, each
    with its weights and its element type, and has to hold in the others."""

    cache: Cache
    on_layer: Callable[[int, int], None]
    spellings: list[tuple[Flow, ReadWeight, int]]

    def rules(self, found: list[Attention]) -> list[Rule] | Unfit:
        """A rule for each attention, or why there is none."""
        rules = []
        for layer, attention in enumerate(found):
            self.on_layer(layer, len(found))
            try:
                rule = self._rule(attention)
            except Uncuttable as obstacle:
                return Unfit(str(obstacle))
            except ModelUnsupported:
                return Unfit("an attention cannot be run on its own")
            if isinstance(rule, Unfit):
                return rule
            rules.append(rule)
        self.on_layer(len(found), len(found))
        return rules

    def _rule(self, attention: Attention) -> Rule | Unfit:
        context, first = self.cache.context, self.cache.first_position
        proofs = [
            Proof(flow, read, attention, context, first, kind)
            for flow, read, kind in self.spellings
        ]
        rule = proofs[0].rule()
        if isinstance(rule, Unfit) or all(each.holds(rule) for each in proofs[1:]):
            return rule
        return Unfit("half precision rounds an attention in another way than the fused one")


def _replace(
    flow: Flow, found: list[Attention], rules: list[Rule], cache: Cache, kind: int
) -> ModelProto | Unfit:
    rewrite = flow.rewrite
    rewrite.add_input(LAST, TensorProto.INT32, [flow.symbols.batch])
    rewrite.add_input(TOTAL, TensorProto.INT32, [])
    tables = _Tables(rewrite, kind)
    for attention, rule in zip(found, rules, strict=True):
        nodes, weights = fused_nodes(attention, rule, (LAST, TOTAL), tables.of(rule.rotary))
        rewrite.add_weights(weights)
        rewrite.put(attention.outputs, nodes)
    if all(each.domain != MICROSOFT for each in rewrite.model.opset_import):
        rewrite.model.opset_import.add(domain=MICROSOFT, version=1)
    fused = rewrite.sweep()
    if operators.shared_memory(fused) != dict(cache.pairs):
        return Unfit("something else than attention reads its cache")
    return fused


class _Tables:
    """Rotary tables of a graph, each stored once however many layers read it, as numbers of the
    element type `kind`."""

    def __init__(self, rewrite: Rewrite, kind: int) -> None:
        self._rewrite = rewrite
        self._kind = kind
        self._names: dict[bytes, tuple[str, str]] = {}

    def of(self, rotary: Rotary | None) -> tuple[str, str] | None:
        """The names of the stored tables."""
        if rotary is None:
            return None
        content = rotary.cosines.tobytes() + rotary.sines.tobytes()
        if content not in self._names:
            names = self._names[content] = table_names(f"rotary_{len(self._names)}")
            self._rewrite.add_weights(rotary.weights(names, self._kind))
        return self._names[content]


def _kind(model: ModelProto, name: str) -> int:
    found = next(each for each in model.graph.input if each.name == name)
    return found.type.tensor_type.elem_type
