"""A part of a graph, cut out and run over made-up inputs, to see what it does."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from app.engine.prepare.calculator import Calculator
from app.engine.prepare.flow import Flow
from app.engine.prepare.shapes import Shape, Size

ReadWeight = Callable[[TensorProto], TensorProto]
"""A stored weight with its values, wherever they lie."""
LARGEST_WEIGHT = 64 * 1024 * 1024  # bytes: more than tables need, and a sign of a wrong cut


class Uncuttable(Exception):
    """The part depends on something that is not known; the text says on what."""


class Part:
    """What lies between the tensors `ends` and the tensors `outputs` of a graph.

    Tensors outside of which only the shape is read are made up from the shape that inference
    gives them. Numbers are of the element type `kind`.

    Raises:
        Uncuttable: something else leads into the part.
    """

    def __init__(
        self,
        flow: Flow,
        read: ReadWeight,
        ends: Iterable[str],
        outputs: Sequence[str],
        kind: int = TensorProto.FLOAT,
    ) -> None:
        self._flow = flow
        self._numbers = kind
        self._ends = set(ends)
        self._nodes: dict[int, NodeProto] = {}
        self._weights: dict[str, TensorProto] = {}
        self._sized: dict[str, Shape] = {}
        self._inputs: dict[str, int] = {}
        self._read = read
        for name in outputs:
            self._collect(name)
        self.outputs = tuple(outputs)
        self._calculator = Calculator(self._model())

    def run(self, feeds: Mapping[str, np.ndarray], past: int, new: int) -> list[np.ndarray]:
        """The outputs for `new` tokens behind `past` cached ones."""
        sizes = self._flow.symbols
        known: dict[Size, int] = {
            sizes.batch: 1, sizes.new: new, sizes.past: past, sizes.total: past + new,
            f"{sizes.past} + {sizes.new}": past + new,
        }  # fmt: skip
        given = {name: value for name, value in feeds.items() if name in self._inputs}
        for name, shape in self._sized.items():
            lengths = [size if isinstance(size, int) else known[size] for size in shape]
            given[name] = np.zeros(lengths, helper.tensor_dtype_to_np_dtype(self._inputs[name]))
        missing = self._inputs.keys() - given
        if missing:
            raise Uncuttable(f"its attention also reads {min(missing)}")
        return self._calculator.run(self.outputs, given)

    def _collect(self, name: str) -> None:
        """Take the nodes that give `name`, the weights and the inputs."""
        waiting = [name]
        while waiting:
            at = waiting.pop()
            stored = self._flow.rewrite.weight(at)
            node = self._flow.rewrite.producers.get(at)
            if at in self._ends or at in self._inputs:
                self._inputs[at] = self._kind(at)
            elif stored is not None:
                self._weights[at] = self._small(stored)
            elif node is None:
                self._inputs[at] = self._kind(at)
            elif id(node) not in self._nodes:
                self._nodes[id(node)] = node
                waiting += [each for each in node.input if each and not self._cut(node, each)]

    def _cut(self, node: NodeProto, name: str) -> bool:
        """Make up what is far away and of which only the shape is read."""
        if node.op_type not in ("Shape", "Size") or not self._flow.depends(name):
            return False
        if name in self._ends or name in self._sized or self._is_inside(name):
            return name in self._sized
        shape = self._flow.shape(name)
        sizes = self._flow.symbols
        known = {sizes.batch, sizes.new, sizes.past, sizes.total, f"{sizes.past} + {sizes.new}"}
        if shape is None or any(not isinstance(size, int) and size not in known for size in shape):
            raise Uncuttable(f"the shape of {name} is not known")
        self._sized[name] = shape
        self._inputs[name] = self._kind(name)
        return True

    def _is_inside(self, name: str) -> bool:
        """Whether everything in `name` comes from the ends."""
        waiting, seen = [name], {name}
        while waiting:
            at = waiting.pop()
            if at in self._ends:
                continue
            node = self._flow.rewrite.producers.get(at)
            if node is None or self._flow.weighted(node):
                return False
            fresh = [each for each in self._flow.sources(node) if each not in seen]
            seen.update(fresh)
            waiting += fresh
        return True

    def _small(self, stored: TensorProto) -> TensorProto:
        size = int(np.prod(stored.dims)) * 4
        if size > LARGEST_WEIGHT:
            raise Uncuttable(f"the weight {stored.name} leads into an attention")
        return self._read(stored)

    def _kind(self, name: str) -> int:
        for each in self._flow.rewrite.model.graph.input:
            if each.name == name:
                return each.type.tensor_type.elem_type
        return self._numbers

    def _model(self) -> ModelProto:
        original = self._flow.rewrite.model
        nodes = [each for each in self._flow.rewrite.nodes if id(each) in self._nodes]
        inputs = [
            helper.make_tensor_value_info(name, kind, None) for name, kind in self._inputs.items()
        ]
        outputs = [
            helper.make_tensor_value_info(name, self._numbers, None) for name in self.outputs
        ]
        graph = helper.make_graph(nodes, "part", inputs, outputs, list(self._weights.values()))
        return helper.make_model(
            graph, opset_imports=original.opset_import, ir_version=original.ir_version
        )
