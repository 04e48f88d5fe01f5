"""The graphs whose contracts are read in tests, and the ways to change them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, helper

from app.engine.contract import Contract, Geometry, Names, read_contract
from tests.engine import graphs, reference
from tests.engine.reference import Shape

SHAPE = Shape(layers=2)
WEIGHTS = reference.random_weights(SHAPE)


def read(model: ModelProto, names: Names | None = None, **stated: Any) -> Contract:
    return read_contract(model, names or Names(), Geometry(**stated))


def copy(model: ModelProto) -> ModelProto:
    return ModelProto.FromString(model.SerializeToString())


GROUPED = graphs.grouped(SHAPE, WEIGHTS)
PLAIN = graphs.plain(SHAPE, WEIGHTS)


def add_input(name: str, dtype: type[np.generic], shape: list[int | str]) -> Callable:
    return lambda model: model.graph.input.append(graphs.value(name, dtype, shape))


def replace_input(name: str, dtype: type[np.generic], shape: list[int | str]) -> Callable:
    def change(model: ModelProto) -> None:
        drop_input(name)(model)
        add_input(name, dtype, shape)(model)

    return change


def drop_input(name: str) -> Callable:
    def change(model: ModelProto) -> None:
        kept = [each for each in model.graph.input if each.name != name]
        del model.graph.input[:]
        model.graph.input.extend(kept)

    return change


def rename_output(old: str, new: str) -> Callable:
    def change(model: ModelProto) -> None:
        next(each for each in model.graph.output if each.name == old).name = new

    return change


def retype_output(name: str, dtype: int) -> Callable:
    def change(model: ModelProto) -> None:
        found = next(each for each in model.graph.output if each.name == name)
        found.type.tensor_type.elem_type = dtype

    return change


def add_node(kind: str, domain: str) -> Callable:
    return lambda model: model.graph.node.append(
        helper.make_node(kind, ["input_ids"], ["extra"], domain=domain)
    )


def hide_node(kind: str, domain: str) -> Callable:
    """Put the operator into a branch of a conditional."""

    def change(model: ModelProto) -> None:
        node = helper.make_node(kind, ["input_ids"], ["extra"], domain=domain)
        body = helper.make_graph([node], "branch", [], [])
        model.graph.node.append(
            helper.make_node("If", ["input_ids"], ["y"], then_branch=body, else_branch=body)
        )

    return change
