"""What every pass shares: a graph that can be looked up by names, edited, and swept of what nothing
needs any more."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from app.engine.files import graph

MICROSOFT = "com.microsoft"
GROUPED = "GroupQueryAttention"


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a pass leaves a graph as it is, in half a sentence."""

    reason: str


class Rewrite:
    """A copy of a model under change; `model` is the copy.

    Nodes in the bodies of conditionals and loops count as readers, but are not edited.
    """

    def __init__(self, model: ModelProto) -> None:
        self.model = ModelProto()
        self.model.CopyFrom(model)
        self.producers: dict[str, NodeProto] = {}
        self.readers: dict[str, list[NodeProto]] = defaultdict(list)
        self._weights = {each.name: each for each in self.model.graph.initializer}
        for node in self.model.graph.node:
            self.producers |= {name: node for name in node.output if name}
        for node in graph.nodes(self.model):
            for name in dict.fromkeys(node.input):
                self.readers[name].append(node)

    @property
    def nodes(self) -> Iterable[NodeProto]:
        """The outer nodes, in the order in which they run."""
        return self.model.graph.node

    @property
    def inputs(self) -> list[str]:
        """What has to be fed: inputs that no stored weight stands for."""
        return [each.name for each in self.model.graph.input if each.name not in self._weights]

    @property
    def outputs(self) -> list[str]:
        """What the graph gives back."""
        return [each.name for each in self.model.graph.output]

    def weight(self, name: str) -> TensorProto | None:
        """The stored weight of that name; its values may lie in another file."""
        return self._weights.get(name)

    def constant(self, name: str) -> np.ndarray | None:
        """The value of a small constant, stored as a weight or as a node."""
        stored = self._weights.get(name)
        if stored is not None and stored.data_location != TensorProto.EXTERNAL:
            return numpy_helper.to_array(stored)
        node = self.producers.get(name)
        if node is None or node.op_type != "Constant":
            return None
        value = attribute(node, "value")
        return numpy_helper.to_array(value) if isinstance(value, TensorProto) else None

    def add_input(self, name: str, dtype: int, shape: list[str | int]) -> str:
        """A new input of the graph."""
        self.model.graph.input.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def add_weight(self, name: str, values: np.ndarray) -> str:
        """A new stored weight."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
        self.model.graph.initializer.append(tensor)
        return name

    def add_weights(self, new: Iterable[TensorProto]) -> None:
        """New stored weights, those left out that are there by name."""
        for each in new:
            if each.name not in self._weights:
                self.model.graph.initializer.append(each)
                self._weights[each.name] = each

    def insert_before(self, node: NodeProto, *new: NodeProto) -> None:
        """Put nodes in front of one that is there."""
        place = next(at for at, each in enumerate(self.nodes) if each is node)
        for offset, each in enumerate(new):
            self.model.graph.node.insert(place + offset, each)

    def put(self, outputs: Sequence[str], new: Sequence[NodeProto]) -> None:
        """Put nodes that give `outputs` where the first of them was given until now."""
        place = next(at for at, node in enumerate(self.nodes) if outputs[0] in node.output)
        for node in [self.producers[name] for name in outputs]:
            for at, name in enumerate(node.output):
                if name in outputs:
                    node.output[at] = f"{name}/before"
        for offset, each in enumerate(new):
            self.model.graph.node.insert(place + offset, each)

    def redirect(self, old: str, new: str) -> None:
        """Let every reader of `old` read `new`."""
        for node in self.readers.pop(old, []):
            for place, name in enumerate(node.input):
                if name == old:
                    node.input[place] = new
            self.readers[new].append(node)

    def sweep(self) -> ModelProto:
        """The model without nodes, weights and integer inputs that no output depends on."""
        body = self.model.graph
        needed = _needed(self.model)
        _keep(body.node, lambda node: bool(needed.intersection(node.output)))
        _keep(body.initializer, lambda weight: weight.name in needed)
        _keep(body.input, lambda info: info.name in needed or _is_float(info))
        known = needed | set(self.outputs)
        _keep(body.value_info, lambda info: info.name in known)
        return self.model


def attribute(node: NodeProto, name: str) -> object:
    """The value of a node's attribute, None where it is not given."""
    found = next((each for each in node.attribute if each.name == name), None)
    return None if found is None else helper.get_attribute_value(found)


def set_attribute(node: NodeProto, name: str, value: int | float | str) -> None:
    """Give a node's attribute a value, whether it has one or not."""
    for each in [each for each in node.attribute if each.name == name]:
        node.attribute.remove(each)
    node.attribute.append(helper.make_attribute(name, value))


def set_input(node: NodeProto, place: int, name: str) -> None:
    """Give a node's input at `place` a name; inputs before it that are not given stay empty."""
    node.input.extend([""] * (place + 1 - len(node.input)))
    node.input[place] = name


def grouped_attentions(model: ModelProto) -> list[NodeProto]:
    """The model's grouped-query attentions."""
    return [node for node in model.graph.node if node.op_type == GROUPED]


def _needed(model: ModelProto) -> set[str]:
    """Every name that the outputs depend on, the outputs themselves included."""
    needed = {each.name for each in model.graph.output}
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            needed.update(name for name in node.input if name)
            needed.update(_read_inside(node))
    return needed


def _keep(field: Any, wanted: Callable[[Any], bool]) -> None:
    """Delete what is not wanted from a repeated field."""
    for place in reversed(range(len(field))):
        if not wanted(field[place]):
            del field[place]


def _read_inside(node: NodeProto) -> set[str]:
    """What the bodies of a conditional or a loop read; names of their own do no harm."""
    return {name for inner in graph.inner_nodes(node) for name in inner.input if name}


def _is_float(info: ValueInfoProto) -> bool:
    return info.type.tensor_type.elem_type in (
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.BFLOAT16,
    )
