"""The nodes of a fused attention: what `proof` compares and `fusion` puts into the graph."""

from typing import TYPE_CHECKING

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from app.engine.prepare.attention import Attention, Order, Side
from app.engine.prepare.rewrite import GROUPED, MICROSOFT

if TYPE_CHECKING:
    from app.engine.prepare.proof import Rule

_FLAT = "fused/flat_shape"


def table_names(prefix: str) -> tuple[str, str]:
    """What the stored cosines and sines are called."""
    return f"{prefix}/cos", f"{prefix}/sin"


def fused_nodes(
    attention: Attention,
    rule: "Rule",
    lengths: tuple[str, str],
    tables: tuple[str, str] | None,
) -> tuple[list[NodeProto], list[TensorProto]]:
    """The fused attention and what brings heads side by side before it, with its small weights."""
    sides = [_flat(side) for side in attention.sides]
    nodes = [node for side in sides for node in side[1]]
    shape = numpy_helper.from_array(np.array([0, 0, -1]), _FLAT)
    cached = [attention.past_key, attention.past_value]
    inputs = [*(name for name, _ in sides), *cached, *lengths, *(tables or ())]
    interleaved = int(rule.rotary is not None and rule.rotary.interleaved)
    fused = helper.make_node(
        GROUPED, inputs, attention.outputs,
        f"{attention.mixed}/fused", domain=MICROSOFT,
        num_heads=attention.heads, kv_num_heads=attention.kv_heads, scale=rule.scale,
        local_window_size=rule.window, do_rotary=int(tables is not None),
        rotary_interleaved=interleaved,
    )  # fmt: skip
    return [*nodes, fused], [shape] if nodes else []


def _flat(side: Side) -> tuple[str, list[NodeProto]]:
    """The side with its heads side by side, and the nodes that bring them there."""
    name, nodes = side.name, []
    if side.order is Order.HEADS_FIRST:
        turned = f"{name}/tokens_first"
        nodes.append(helper.make_node("Transpose", [name], [turned], turned, perm=[0, 2, 1, 3]))
        name = turned
    if side.order is not Order.FLAT:
        flat = f"{side.name}/flat"
        nodes.append(helper.make_node("Reshape", [name, _FLAT], [flat], flat))
        name = flat
    return name, nodes
