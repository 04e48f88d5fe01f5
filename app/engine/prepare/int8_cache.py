"""A cache of 8 bits: keys and values rounded to whole steps as they are stored, a quarter of the
memory, with a step of its own for every channel. This changes numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto

from app.engine.prepare.rewrite import (
    Rewrite,
    Unfit,
    attribute,
    grouped_attentions,
    set_attribute,
    set_input,
)

LARGEST = 127
"""Steps on each side of zero."""


@dataclass(frozen=True, slots=True)
class Side:
    """Places of keys or values in GroupQueryAttention (ONNX Runtime, ContribOperators.md)."""

    past: int
    present: int
    step: int
    kind: str


SIDES = (Side(3, 1, 12, "k_quant_type"), Side(4, 2, 13, "v_quant_type"))
_WIDTH = "kv_cache_bit_width"
STEPPED = (*(side.kind for side in SIDES), _WIDTH)
"""The attributes that say that a cache is rounded."""


def int8_cache(model: ModelProto, largest: Mapping[str, np.ndarray]) -> ModelProto | Unfit:
    """Store the cache in 8 bits.

    `largest` has for every past input the largest magnitude of each channel, float32
    [kv_heads, head_size], which becomes the last step.
    """
    rewrite = Rewrite(model)
    attentions = grouped_attentions(rewrite.model)
    if not attentions or {name for each in attentions for name in each.input[3:5]} != set(largest):
        return Unfit("not all of its cache belongs to grouped-query attention")
    if any(attribute(node, _WIDTH) for node in attentions):
        return Unfit("its cache is rounded already")
    for node in attentions:
        for side in SIDES:
            past = node.input[side.past]
            steps = np.maximum(largest[past], np.float32(1e-6)) / np.float32(LARGEST)
            weight = rewrite.add_weight(f"{past}/step", steps[None, :, None, :])
            set_input(node, side.step, weight)
            set_attribute(node, side.kind, "PER_CHANNEL")
        set_attribute(node, _WIDTH, 8)
    cached = {name for node in attentions for name in (*node.input[3:5], *node.output[1:3])}
    for info in (*rewrite.model.graph.input, *rewrite.model.graph.output):
        if info.name in cached:
            info.type.tensor_type.elem_type = TensorProto.INT8
    return rewrite.model
