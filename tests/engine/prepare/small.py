"""Small graphs for the tests of preparation: the decoders of `tests.engine.graphs`, changed."""

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from app.engine.prepare.rewrite import Rewrite
from tests.engine import graphs, reference
from tests.engine.reference import Shape

BLOCK = 16


def few_bits(shape: Shape | None = None, seed: int = 0) -> ModelProto:
    """A grouped decoder whose weights are stored in 4 bits, multiplied at full precision."""
    shape = shape or Shape()
    rewrite = Rewrite(graphs.grouped(shape, reference.random_weights(shape, seed)))
    for place, node in enumerate(list(rewrite.nodes)):
        matrix = rewrite.weight(node.input[1]) if node.op_type == "MatMul" else None
        if matrix is not None:
            packed = _packed(rewrite, node, numpy_helper.to_array(matrix))
            rewrite.model.graph.node[place].CopyFrom(packed)
    return rewrite.sweep()


def _packed(rewrite: Rewrite, product: NodeProto, matrix: np.ndarray) -> NodeProto:
    """The product with `matrix` [rows, columns] in blocks of 4-bit weights around 8."""
    rows, columns = matrix.shape
    blocks = matrix.T.reshape(columns, rows // BLOCK, BLOCK)
    scales = np.abs(blocks).max(-1, keepdims=True) / 7
    levels = (np.round(blocks / scales) + 8).clip(0, 15).astype(np.uint8)
    packed = levels[..., 0::2] | levels[..., 1::2] << 4
    name = product.input[1]
    weights = rewrite.add_weight(f"{name}/packed", packed)
    scale = rewrite.add_weight(f"{name}/scales", scales.astype(np.float32).ravel())
    return helper.make_node(
        "MatMulNBits", [product.input[0], weights, scale], product.output, domain="com.microsoft",
        K=rows, N=columns, bits=4, block_size=BLOCK,
    )  # fmt: skip
