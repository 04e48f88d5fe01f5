"""Walks over an ONNX model: every node and every stored tensor, also in the bodies of
conditionals and loops and in the model's own functions."""

from collections.abc import Iterable, Iterator

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto


def nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Every node, the outer ones first."""
    yield from _walk(model.graph.node)
    for function in model.functions:
        yield from _walk(function.node)


def inner_nodes(node: NodeProto) -> Iterator[NodeProto]:
    """Every node in the bodies of a conditional or a loop."""
    for body in _bodies(node):
        yield from _walk(body.node)


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Every initializer and every tensor that an attribute holds."""
    yield from _initializers(model.graph)
    for node in nodes(model):
        for attribute in node.attribute:
            yield from _attribute_tensors(attribute)


def _walk(sequence: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in sequence:
        yield node
        for body in _bodies(node):
            yield from _walk(body.node)


def _bodies(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == AttributeProto.GRAPHS:
            yield from attribute.graphs


def _initializers(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)


def _attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    if attribute.type == AttributeProto.TENSOR:
        yield attribute.t
    elif attribute.type == AttributeProto.TENSORS:
        yield from attribute.tensors
    elif attribute.type == AttributeProto.GRAPH:
        yield from _initializers(attribute.g)
    elif attribute.type == AttributeProto.GRAPHS:
        for graph in attribute.graphs:
            yield from _initializers(graph)
    elif attribute.type == AttributeProto.SPARSE_TENSOR:
        yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
