"""Activations of 8 bits in products with few-bit weights: much faster, and not the same numbers."""

from onnx import ModelProto

from app.engine.prepare.rewrite import Rewrite, Unfit, attribute, set_attribute

INT8 = 4
"""The level at which `MatMulNBits` rounds what it multiplies to 8 bits (ContribOperators.md)."""


def int8_activations(model: ModelProto) -> ModelProto | Unfit:
    """Set accuracy level 4 on every product with few-bit weights. This changes numbers."""
    rewrite = Rewrite(model)
    products = [node for node in rewrite.nodes if node.op_type == "MatMulNBits"]
    if not products:
        return Unfit("it has no weights of a few bits")
    slow = [node for node in products if attribute(node, "accuracy_level") != INT8]
    if not slow:
        return Unfit("the model has them already")
    for node in slow:
        set_attribute(node, "accuracy_level", INT8)
    return rewrite.model
