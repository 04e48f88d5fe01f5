"""Several conversations in one run: the numbers of one run each, and no row minds another."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from app.engine.contract import Geometry, Names, read_contract
from app.engine.forward import Forward
from app.errors import CandorError, ContextExceeded, ModelUnsupported
from tests.engine import graphs, reference
from tests.engine.test_forward import GRAPHS, IDS, SHAPE, WEIGHTS, open_forward

LENGTHS = (5, 40, 1, 17, 3)


@pytest.fixture(params=GRAPHS)
def forward(request: pytest.FixtureRequest, tmp_path: Path) -> Forward:
    return open_forward(graphs.write_folder(tmp_path, GRAPHS[request.param], SHAPE))


@pytest.fixture
def grouped(tmp_path: Path) -> Forward:
    return open_forward(graphs.write_folder(tmp_path, GRAPHS["grouped"], SHAPE))


def text(slot: int, length: int) -> list[int]:
    return IDS[slot * 20 :][:length]


def fill(forward: Forward, lengths: Sequence[int] = LENGTHS) -> list[list[int]]:
    """Give every slot a text of its own."""
    texts = [text(slot, length) for slot, length in enumerate(lengths)]
    for slot, ids in enumerate(texts):
        forward.run(ids, slot=slot)
    return texts


def extend(forward: Forward, texts: list[list[int]], slots: Sequence[int]) -> None:
    """Append one id to each of `slots` at once, and check what comes of it."""
    steps = [(slot, (7 * slot + len(texts[slot])) % SHAPE.vocabulary) for slot in slots]
    for (slot, id), row in zip(steps, forward.decode(steps), strict=True):
        texts[slot].append(id)
        check(row, texts[slot])
        assert forward.cached_ids(slot) == tuple(texts[slot])


def check(row: np.ndarray | CandorError, ids: list[int], weights: reference.Weights = WEIGHTS):
    assert isinstance(row, np.ndarray)
    expected = reference.logits(weights, SHAPE, ids)[-1:]
    np.testing.assert_allclose(row, expected, atol=1e-4, rtol=0)


def test_rows_of_any_lengths_give_what_the_reference_says(forward: Forward) -> None:
    texts = fill(forward)
    for slots in ((0, 1, 2, 3, 4), (3, 1), (4, 0, 2), (1,), (0, 4), (4, 3, 2, 1, 0)):
        for _ in range(3):
            extend(forward, texts, slots)


def test_rows_that_did_not_run_are_left_as_they_were(forward: Forward) -> None:
    texts = fill(forward)
    for slots in ((4, 1), (3, 0, 4), (2, 4)):
        extend(forward, texts, slots)
    for slot, ids in enumerate(texts):
        further = [*ids, 9]
        assert forward.reuse(further, slot=slot) == len(ids)
        check(forward.run([9], slot=slot), further)


def test_graphs_say_whether_their_rows_run_together(forward: Forward, request) -> None:
    name = request.node.callspec.params["forward"]
    alone = ("plain", "growing")
    assert forward.rows_per_run == (1 if any(word in name for word in alone) else 8)


@pytest.mark.expects_log
def test_a_row_without_room_ends_no_other(grouped: Forward) -> None:
    full = IDS[:256] * 2
    grouped.run(full, slot=1)
    grouped.run(IDS[:4], slot=0)
    found = grouped.decode([(1, 3), (0, 3)])
    assert isinstance(found[0], ContextExceeded)
    check(found[1], [*IDS[:4], 3])


def test_numbers_that_are_not_finite_end_their_row_only(tmp_path: Path) -> None:
    graph = graphs.grouped(SHAPE, WEIGHTS)
    table = next(each for each in graph.graph.initializer if each.name == "cos")
    values = numpy_helper.to_array(table).copy()
    values[10:] = np.nan
    table.CopyFrom(numpy_helper.from_array(values, "cos"))
    forward = open_forward(graphs.write_folder(tmp_path, graph, SHAPE))
    texts = fill(forward, (5, 10, 7))
    first, second, third = forward.decode([(0, 3), (1, 3), (2, 3)])
    assert isinstance(second, ModelUnsupported)
    check(first, [*texts[0], 3])
    check(third, [*texts[2], 3])
    assert [len(forward.cached_ids(slot)) for slot in range(3)] == [6, 10, 8]


@pytest.mark.expects_log
def test_too_little_memory_for_a_batch_makes_it_smaller_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forward = open_forward(graphs.write_folder(tmp_path, greedy(most_rows=2), SHAPE))
    texts = fill(forward)
    extend(forward, texts, (0, 1, 2, 3, 4))
    assert forward.rows_per_run == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "not enough memory to run 5 conversations" in caplog.text
    caplog.clear()
    extend(forward, texts, (4, 3, 2, 1, 0))
    assert not caplog.records


@pytest.mark.expects_log
def test_a_run_that_fails_is_repeated_row_by_row(
    grouped: Forward, caplog: pytest.LogCaptureFixture
) -> None:
    texts = fill(grouped, (5, 9, 3))
    first, second, third = grouped.decode([(0, 3), (1, SHAPE.vocabulary + 1000), (2, 3)])
    check(first, [*texts[0], 3])
    assert isinstance(second, ModelUnsupported)
    check(third, [*texts[2], 3])
    assert "3 conversations could not run at once" in caplog.text
    caplog.clear()
    extend(grouped, [[*texts[0], 3], texts[1], [*texts[2], 3]], (0, 1, 2))


def greedy(most_rows: int) -> ModelProto:
    """The grouped network, asking for more memory than there is for more rows than `most_rows`."""
    graph = graphs.grouped(SHAPE, WEIGHTS)
    names = iter("abcdefgh")

    def op(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"greedy_{next(names)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(value: object, dtype: type[np.generic] = np.int64) -> str:
        name = f"number_{len(graph.graph.initializer)}"
        array = np.asarray(value, dtype=dtype)
        graph.graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    nodes: list = []
    rows = op("Gather", op("Shape", "input_ids"), constant([0]), axis=0)
    many = op("Cast", op("Greater", rows, constant([most_rows])), to=TensorProto.INT64)
    size = op("Add", op("Mul", many, constant([2**44])), constant([1]))
    large = op("Expand", constant([0.0], np.float32), size)
    zero = op("ReduceMax", large, keepdims=0)
    head = graph.graph.node[-1]
    nodes.append(helper.make_node("Add", [head.input[0], zero], ["greedy_hidden"]))
    head.input[0] = "greedy_hidden"
    for node in nodes:
        graph.graph.node.insert(len(graph.graph.node) - 1, node)
    return graph


def mask_read(change) -> bool:
    graph = graphs.grouped(SHAPE, WEIGHTS)
    change(graph.graph)
    return read_contract(graph, Names(), Geometry()).batched


def test_a_graph_that_reads_its_mask_otherwise_is_not_trusted_with_several_rows() -> None:
    def width_as_length(graph) -> None:
        """Every row taken for as long as the longest."""
        for node in graph.node:
            if node.op_type == "GroupQueryAttention":
                node.input[5] = "last"
        total = next(n for n in graph.node if n.op_type == "GroupQueryAttention").input[6]
        graph.initializer.append(numpy_helper.from_array(np.array(1, np.int32), "one"))
        graph.node.insert(0, helper.make_node("Sub", [total, "one"], ["last"]))

    def sum_of_all(graph) -> None:
        node = next(n for n in graph.node if n.op_type == "ReduceSum")
        del node.input[1:]

    def read_elsewhere(graph) -> None:
        graph.node.append(
            helper.make_node("CumSum", ["attention_mask", graph.initializer[0].name], ["positions"])
        )

    def one_row(graph) -> None:
        ids = next(each for each in graph.input if each.name == "input_ids")
        ids.type.tensor_type.shape.dim[0].dim_value = 1

    assert mask_read(lambda graph: None)
    for change in (width_as_length, sum_of_all, read_elsewhere, one_row):
        assert not mask_read(change), change.__name__
