"""Logits only where they are wanted: the input `logits_pos` names the positions of a run whose
logits are computed, before the head, which is the widest product of all. Exact: a product's rows
do not depend on each other."""

from onnx import ModelProto, NodeProto, TensorProto, helper

from app.engine.prepare.rewrite import Rewrite, Unfit

POSITIONS = "logits_pos"
_PRODUCTS = ("MatMul", "MatMulNBits", "MatMulBnb4", "Gemm")
_AFTER_HEAD = ("Add", "Cast", "Mul", "Div", "Tanh", "Identity")  # each works row by row


def wanted_logits(model: ModelProto, logits: str = "logits") -> ModelProto | Unfit:
    """Gather the wanted rows before the head that gives `logits`."""
    rewrite = Rewrite(model)
    if POSITIONS in rewrite.inputs:
        return Unfit("it is told already which logits are wanted")
    if "num_logits_to_keep" in rewrite.inputs:
        return Unfit("it counts the wanted logits itself")
    head = _head(rewrite, logits)
    if head is None:
        return Unfit("its head is none of the known kinds")
    rewrite.add_input(POSITIONS, TensorProto.INT64, ["wanted"])
    rows = f"{head.input[0]}/wanted"
    inputs = [head.input[0], POSITIONS]
    gather = helper.make_node("Gather", inputs, [rows], f"{POSITIONS}/gather", axis=1)
    rewrite.insert_before(head, gather)
    head.input[0] = rows
    output = next(each for each in rewrite.model.graph.output if each.name == logits)
    output.type.tensor_type.shape.dim[1].dim_param = "wanted"
    return rewrite.model


def _head(rewrite: Rewrite, logits: str) -> NodeProto | None:
    """The product that gives the logits, looked for through steps that keep rows apart."""
    name = logits
    while node := rewrite.producers.get(name):
        if node.op_type in _PRODUCTS:
            sound = len(rewrite.readers[name]) <= (name != logits)
            return node if sound and _multiplies_weight(rewrite, node) else None
        if node.op_type not in _AFTER_HEAD or len(rewrite.readers[name]) > (name != logits):
            return None
        name = _varying(rewrite, node)
    return None


def _varying(rewrite: Rewrite, node: NodeProto) -> str:
    """The one input that is no constant; empty if there are several."""
    found = [name for name in node.input if name and not _is_constant(rewrite, name)]
    return found[0] if len(found) == 1 else ""


def _multiplies_weight(rewrite: Rewrite, node: NodeProto) -> bool:
    """Whether the left side is the only one that varies."""
    others = [name for name in node.input[1:] if name]
    return all(_is_constant(rewrite, name) for name in others)


def _is_constant(rewrite: Rewrite, name: str) -> bool:
    """Whether `name` is a weight, or made of weights alone."""
    if rewrite.weight(name) is not None:
        return True
    node = rewrite.producers.get(name)
    if node is None:
        return False
    return all(_is_constant(rewrite, each) for each in node.input if each)
