"""Each pass over a graph that it fits and over graphs that it must leave alone: what changes is
what is fed, never a number."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from app.engine.prepare.accuracy import INT8, int8_activations
from app.engine.prepare.last_logits import wanted_logits
from app.engine.prepare.lengths import direct_lengths, query_lengths
from app.engine.prepare.rewrite import Rewrite, Unfit, attribute
from tests.engine import graphs, reference
from tests.engine.prepare.running import inputs, logits
from tests.engine.prepare.small import few_bits
from tests.engine.reference import Shape

SHAPE = Shape()
WEIGHTS = reference.random_weights(SHAPE)
GROUPED = graphs.grouped(SHAPE, WEIGHTS)
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 40).tolist()
CHUNKS = [20, 1, 1, 18]


def fit(outcome: ModelProto | Unfit) -> ModelProto:
    assert not isinstance(outcome, Unfit), outcome
    return outcome


def reason(outcome: ModelProto | Unfit) -> str:
    assert isinstance(outcome, Unfit)
    return outcome.reason


def test_fed_lengths_give_the_same_bits() -> None:
    fed = fit(direct_lengths(GROUPED))
    assert {"seqlens_k", "total_sequence_length"} <= set(inputs(fed))
    assert "attention_mask" not in inputs(fed)
    np.testing.assert_array_equal(logits(fed, IDS, CHUNKS), logits(GROUPED, IDS, CHUNKS))


def test_a_mask_that_something_else_reads_stays() -> None:
    model = Rewrite(GROUPED)
    model.model.graph.node.append(helper.make_node("Shape", ["attention_mask"], ["width"]))
    model.model.graph.output.append(helper.make_tensor_value_info("width", TensorProto.INT64, [2]))
    fed = fit(direct_lengths(model.model))
    assert {"attention_mask", "seqlens_k"} <= set(inputs(fed))


def test_lengths_from_anywhere_else_are_left_alone() -> None:
    model = Rewrite(GROUPED).model
    less = next(node for node in model.graph.node if node.op_type == "Sub")
    less.op_type = "Add"
    assert "somewhere else" in reason(direct_lengths(model))
    assert "no grouped" in reason(direct_lengths(graphs.plain(SHAPE, WEIGHTS)))
    assert "already" in reason(direct_lengths(fit(direct_lengths(GROUPED))))


def test_the_model_that_is_given_stays_as_it_was() -> None:
    before = GROUPED.SerializeToString()
    for each in (direct_lengths, wanted_logits, int8_activations):
        each(GROUPED)
    assert GROUPED.SerializeToString() == before


def test_lengths_of_queries_change_nothing_for_one_sequence() -> None:
    fed = fit(direct_lengths(GROUPED))
    told = fit(query_lengths(fed))
    assert "query_seqlens" in inputs(told)
    np.testing.assert_allclose(logits(told, IDS, CHUNKS), logits(fed, IDS, CHUNKS), atol=1e-5)
    assert "not fed" in reason(query_lengths(GROUPED))
    assert "already" in reason(query_lengths(told))


@pytest.mark.parametrize("kind", ["grouped", "plain", "few bits"])
def test_wanted_logits_are_those_of_every_position(kind: str) -> None:
    model = {
        "grouped": lambda: GROUPED,
        "plain": lambda: graphs.plain(SHAPE, WEIGHTS),
        "few bits": lambda: few_bits(),
    }[kind]()
    told = fit(wanted_logits(model))
    np.testing.assert_allclose(logits(told, IDS, CHUNKS), logits(model, IDS, CHUNKS), atol=1e-5)
    pos = next(each for each in told.graph.input if each.name == "logits_pos")
    assert pos.type.tensor_type.elem_type == TensorProto.INT64


def test_only_the_wanted_rows_come_back() -> None:
    told = fit(wanted_logits(GROUPED))
    gather = next(node for node in told.graph.node if "logits_pos" in node.input)
    assert told.graph.node[-1].input[0] == gather.output[0]


def test_a_head_of_another_kind_is_left_alone() -> None:
    model = Rewrite(GROUPED).model
    head = model.graph.node[-1]
    head.output[0] = "scores"
    model.graph.node.append(helper.make_node("Softmax", ["scores"], ["logits"], axis=-1))
    assert "none of the known kinds" in reason(wanted_logits(model))
    counted = graphs.grouped(SHAPE, WEIGHTS, keep_shape=[1])
    assert "itself" in reason(wanted_logits(counted))


def test_products_with_few_bits_round_what_they_multiply() -> None:
    model = few_bits()
    fast = fit(int8_activations(model))
    products = [node for node in fast.graph.node if node.op_type == "MatMulNBits"]
    assert products
    assert all(attribute(node, "accuracy_level") == INT8 for node in products)
    change = np.abs(logits(fast, IDS, CHUNKS) - logits(model, IDS, CHUNKS)).max()
    assert 1e-4 < change < 2
    assert "already" in reason(int8_activations(fast))
    assert "no weights of a few bits" in reason(int8_activations(GROUPED))
