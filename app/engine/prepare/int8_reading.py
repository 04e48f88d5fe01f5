"""The graph that reads prompts into a cache of 8 bits: attention at full precision over what is
cached, and only the new keys and values rounded, so that reading costs little more than without.

It gives the new positions alone, int8 [1, kv_heads, tokens, head_size], for one row. Tokens of one
run see each other unrounded, so that what is read depends, as far as rounding shows, on the runs.
"""

from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from app.engine.prepare.int8_cache import LARGEST, SIDES, STEPPED
from app.engine.prepare.rewrite import Rewrite, grouped_attentions

_TOTAL_AT = 6
_SAME = "reading"
_FLOAT = TensorProto.FLOAT


def int8_reading(model: ModelProto, dtype: int) -> ModelProto:
    """The reading graph of `model`, whose cache `int8_cache` has rounded.

    `dtype` is the ONNX type of keys and values before they are rounded. Inputs, outputs and weights
    keep their names, so that both graphs read the same file of weights.
    """
    rewrite = Rewrite(model)
    attentions = grouped_attentions(rewrite.model)
    rewrite.insert_before(attentions[0], *_lengths(rewrite, attentions[0]))
    for node in attentions:
        for side in SIDES:
            steps = node.input[side.step]
            past, present = node.input[side.past], node.output[side.present]
            rewrite.insert_before(node, *_restored(past, steps, dtype))
            _insert_after(rewrite, node, _rounded(present, steps))
            node.input[side.past], node.output[side.present] = f"{past}/whole", f"{present}/whole"
            node.input[side.step] = ""
        kept = [each for each in node.attribute if each.name not in STEPPED]
        del node.attribute[:]
        node.attribute.extend(kept)
    del rewrite.model.graph.value_info[:]
    return rewrite.model


def _lengths(rewrite: Rewrite, first: NodeProto) -> list[NodeProto]:
    """How many positions are cached before the run, int64 [1], and the constants that all need."""
    for name, value in (("first", [0]), ("axis", [2]), ("last", [np.iinfo(np.int64).max])):
        rewrite.add_weight(f"{_SAME}/{name}", np.array(value, np.int64))
    rewrite.add_weight(f"{_SAME}/lowest", np.array(-LARGEST - 1, np.float32))
    rewrite.add_weight(f"{_SAME}/highest", np.array(LARGEST, np.float32))
    rewrite.add_weight(f"{_SAME}/flat", np.array([1], np.int64))
    return [
        _node("Shape", [first.input[0]], "shape"),
        _node("Gather", [f"{_SAME}/shape", f"{_SAME}/flat"], "new"),
        _node("Cast", [first.input[_TOTAL_AT]], "long", to=TensorProto.INT64),
        _node("Reshape", [f"{_SAME}/long", f"{_SAME}/flat"], "total"),
        _node("Sub", [f"{_SAME}/total", f"{_SAME}/new"], "past"),
    ]


def _restored(past: str, steps: str, dtype: int) -> list[NodeProto]:
    """What is cached, as numbers of full precision: `past`/whole."""
    places = [f"{_SAME}/first", f"{_SAME}/past", f"{_SAME}/axis"]
    product = f"{past}/whole" if dtype == _FLOAT else f"{past}/scaled"
    nodes = [
        helper.make_node("Slice", [past, *places], [f"{past}/held"]),
        helper.make_node("Cast", [f"{past}/held"], [f"{past}/levels"], to=_FLOAT),
        helper.make_node("Mul", [f"{past}/levels", steps], [product]),
    ]
    if dtype != _FLOAT:
        nodes.append(helper.make_node("Cast", [product], [f"{past}/whole"], to=dtype))
    return nodes


def _rounded(present: str, steps: str) -> list[NodeProto]:
    """The new positions of `present`/whole in steps: `present`."""
    places = [f"{_SAME}/past", f"{_SAME}/last", f"{_SAME}/axis"]
    limits = [f"{_SAME}/lowest", f"{_SAME}/highest"]
    return [
        helper.make_node("Slice", [f"{present}/whole", *places], [f"{present}/new"]),
        helper.make_node("Cast", [f"{present}/new"], [f"{present}/float"], to=_FLOAT),
        helper.make_node("Div", [f"{present}/float", steps], [f"{present}/steps"]),
        helper.make_node("Round", [f"{present}/steps"], [f"{present}/round"]),
        helper.make_node("Clip", [f"{present}/round", *limits], [f"{present}/clipped"]),
        helper.make_node("Cast", [f"{present}/clipped"], [present], to=TensorProto.INT8),
    ]


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, [f"{_SAME}/{output}"], **attributes)


def _insert_after(rewrite: Rewrite, node: NodeProto, new: list[NodeProto]) -> None:
    place = next(at for at, each in enumerate(rewrite.nodes) if each is node)
    for offset, each in enumerate(new):
        rewrite.model.graph.node.insert(place + 1 + offset, each)
