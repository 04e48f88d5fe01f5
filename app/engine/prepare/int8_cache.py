"""A cache of 8 bits: keys and values rounded to whole steps as they are stored, a quarter of the
memory, with a step of its own for every channel. This changes numbers."""

from collections.abc import Mapping

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
_SIDES = ((3, 12, "k_quant_type"), (4, 13, "v_quant_type"))
"""Places of a past and of its scale in GroupQueryAttention (ONNX Runtime, ContribOperators.md)."""


def int8_cache(model: ModelProto, largest: Mapping[str, np.ndarray]) -> ModelProto | Unfit:
    """Store the cache in 8 bits.

    `largest` has for every past input the largest magnitude of each channel, float32
    [kv_heads, head_size], which becomes the last step.
    """
    rewrite = Rewrite(model)
    attentions = grouped_attentions(rewrite.model)
    if not attentions or {name for each in attentions for name in each.input[3:5]} != set(largest):
        return Unfit("not all of its cache belongs to grouped-query attention")
    if any(attribute(node, "kv_cache_bit_width") for node in attentions):
        return Unfit("its cache is rounded already")
    for node in attentions:
        for past, scale, kind in _SIDES:
            steps = np.maximum(largest[node.input[past]], np.float32(1e-6)) / np.float32(LARGEST)
            name = f"{node.input[past]}/step"
            set_input(node, scale, rewrite.add_weight(name, steps[None, :, None, :]))
            set_attribute(node, kind, "PER_CHANNEL")
        set_attribute(node, "kv_cache_bit_width", 8)
    cached = {name for node in attentions for name in (*node.input[3:5], *node.output[1:3])}
    for info in (*rewrite.model.graph.input, *rewrite.model.graph.output):
        if info.name in cached:
            info.type.tensor_type.elem_type = TensorProto.INT8
    return rewrite.model
