"""Lengths fed as they are: `seqlens_k` and `total_sequence_length` become inputs in place of the
nodes that work them out of the attention mask at every step. Exact, to the bit.

With `query_lengths` the graph also takes `query_seqlens`, so that several sequences can be read in
chunks of unequal lengths in one run.
"""

from onnx import ModelProto, NodeProto, TensorProto

from app.engine.prepare.rewrite import (
    Rewrite,
    Unfit,
    attribute,
    grouped_attentions,
    set_input,
)

LAST = "seqlens_k"
TOTAL = "total_sequence_length"
QUERIES = "query_seqlens"
_LAST_AT, _TOTAL_AT, _QUERIES_AT = 5, 6, 16


def direct_lengths(model: ModelProto) -> ModelProto | Unfit:
    """Feed the lengths that grouped-query attention reads; the mask goes if nothing else reads it.

    Lengths must come from the attention mask in the one way that says nothing but its length.
    """
    rewrite = Rewrite(model)
    attentions = grouped_attentions(rewrite.model)
    if not attentions:
        return Unfit("it has no grouped-query attention")
    if {LAST, TOTAL}.intersection(rewrite.inputs):
        return Unfit("its lengths are fed already")
    if not all(_counts_mask(rewrite, node.input[_LAST_AT]) for node in attentions):
        return Unfit("its lengths come from somewhere else than the mask")
    if not all(_measures_mask(rewrite, node.input[_TOTAL_AT]) for node in attentions):
        return Unfit("its total length comes from somewhere else than the mask")
    _free(rewrite)
    rewrite.add_input(LAST, TensorProto.INT32, ["batch_size"])
    rewrite.add_input(TOTAL, TensorProto.INT32, [])
    for node in attentions:
        set_input(node, _LAST_AT, LAST)
        set_input(node, _TOTAL_AT, TOTAL)
    return rewrite.sweep()


def query_lengths(model: ModelProto) -> ModelProto | Unfit:
    """Let every grouped-query attention be told how many tokens of a row are new."""
    rewrite = Rewrite(model)
    attentions = grouped_attentions(rewrite.model)
    if LAST not in rewrite.inputs or not attentions:
        return Unfit("its lengths are not fed")
    if any(len(node.input) > _QUERIES_AT and node.input[_QUERIES_AT] for node in attentions):
        return Unfit("it takes them already")
    rewrite.add_input(QUERIES, TensorProto.INT32, ["batch_size"])
    for node in attentions:
        set_input(node, _QUERIES_AT, QUERIES)
    return rewrite.model


def _counts_mask(rewrite: Rewrite, name: str) -> bool:
    """Whether `name` is the sum of the mask's rows less one."""
    cast = _producer(rewrite, name, "Cast")
    less = cast and _producer(rewrite, cast.input[0], "Sub")
    if not less or not _is(rewrite, less.input[1], 1):
        return False
    total = _producer(rewrite, less.input[0], "ReduceSum")
    if total is None or not _is_mask(rewrite, total.input[0]):
        return False
    axes = attribute(total, "axes")
    if len(total.input) > 1:
        stored = rewrite.constant(total.input[1])
        axes = None if stored is None else stored.ravel().tolist()
    return axes in ([1], [-1])


def _measures_mask(rewrite: Rewrite, name: str) -> bool:
    """Whether `name` is the width of the mask."""
    cast = _producer(rewrite, name, "Cast")
    gather = cast and _producer(rewrite, cast.input[0], "Gather")
    if not gather or not (_is(rewrite, gather.input[1], 1) or _is(rewrite, gather.input[1], -1)):
        return False
    shape = _producer(rewrite, gather.input[0], "Shape")
    return shape is not None and not shape.attribute and _is_mask(rewrite, shape.input[0])


def _producer(rewrite: Rewrite, name: str, kind: str) -> NodeProto | None:
    node = rewrite.producers.get(name)
    return node if node is not None and node.op_type == kind else None


def _is(rewrite: Rewrite, name: str, value: int) -> bool:
    found = rewrite.constant(name)
    return found is not None and found.size == 1 and found.ravel()[0] == value


def _is_mask(rewrite: Rewrite, name: str) -> bool:
    """The mask itself, or the mask as another kind of integer."""
    node = rewrite.producers.get(name)
    if node is not None and node.op_type == "Cast":
        name = node.input[0]
    return name == "attention_mask" and name in rewrite.inputs


def _free(rewrite: Rewrite) -> None:
    """Rename tensors of the graph that bear the names of the new inputs."""
    for name in (LAST, TOTAL):
        node = rewrite.producers.get(name)
        if node is not None:
            place = list(node.output).index(name)
            node.output[place] = f"{name}/from_mask"
            rewrite.redirect(name, node.output[place])
