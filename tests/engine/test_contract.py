"""What the engine reads from a graph."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import helper

from app.engine.contract import Feed, Names, Role
from app.errors import ModelUnsupported
from tests.engine import exports, graphs
from tests.engine.contract_graphs import (
    GROUPED,
    PLAIN,
    SHAPE,
    WEIGHTS,
    add_input,
    copy,
    drop_input,
    read,
    rename_output,
)


def test_a_grouped_graph_shares_memory_and_states_its_rotary_positions() -> None:
    contract = read(GROUPED)
    assert contract.in_place
    assert contract.rotary_positions == SHAPE.context
    assert contract.feed(Role.POSITIONS) is None
    assert contract.logits.vocabulary == SHAPE.vocabulary
    assert contract.bytes_per_token == 2 * SHAPE.layers * SHAPE.kv_heads * SHAPE.head_size * 4


def test_a_plain_graph_grows_its_cache() -> None:
    contract = read(PLAIN)
    assert not contract.in_place
    assert contract.rotary_positions is None
    assert contract.feed(Role.POSITIONS) is not None


def test_past_and_present_are_paired_by_name_whatever_their_order() -> None:
    states = read(GROUPED).states
    assert [state.past for state in states[:2]] == [
        "past_key_values.0.key",
        "past_key_values.1.key",
    ]
    for state in states:
        assert state.present == state.past.replace("past_key_values", "present")


def test_dtypes_follow_the_graph() -> None:
    contract = read(graphs.grouped(SHAPE, WEIGHTS, dtype=np.float16, ids_dtype=np.int32))
    assert {feed.dtype for feed in contract.feeds} == {np.int32}
    assert contract.logits.dtype is np.float16
    assert {state.dtype for state in contract.states} == {np.float16}


def test_an_open_head_size_comes_from_the_config() -> None:
    model = graphs.grouped(SHAPE, WEIGHTS, head_symbol="kv_cache_dim")
    assert {state.head_size for state in read(model, head_size=16).states} == {16}
    with pytest.raises(ModelUnsupported, match=r"axis 3 .*past_key_values.0.key.* stated nowhere"):
        read(model)


def test_another_reader_of_the_past_forbids_sharing_memory() -> None:
    model = copy(GROUPED)
    model.graph.node.append(helper.make_node("Shape", ["past_key_values.0.key"], ["length"]))
    assert not read(model).in_place


def test_a_tensor_that_is_stored_is_no_input() -> None:
    model = copy(GROUPED)
    model.graph.input.append(graphs.value("embed", np.float32, [SHAPE.vocabulary, SHAPE.hidden]))
    assert [feed.name for feed in read(model).feeds] == ["input_ids", "attention_mask"]


def test_a_cache_of_fixed_length_must_be_written_in_place() -> None:
    fixed = graphs.grouped(SHAPE, WEIGHTS, fixed=64)
    assert read(fixed).cache_length == 64
    assert read(fixed).in_place
    fixed.graph.node.append(helper.make_node("Shape", ["past_key_values.0.key"], ["length"]))
    with pytest.raises(ModelUnsupported, match=r'past_key_values.0.key" .*, 2, 64, 16'):
        read(fixed)


def test_a_graph_without_a_cache_has_no_states() -> None:
    model = graphs.plain(SHAPE, WEIGHTS, past=exports.Forgetful())
    assert read(model).states == ()


def test_ids_and_logits_may_have_other_names() -> None:
    model = graphs.plain(SHAPE, WEIGHTS, past=exports.Forgetful())
    drop_input("attention_mask")(model)
    drop_input("position_ids")(model)
    next(each for each in model.graph.input if each.name == "input_ids").name = "input"
    rename_output("logits", "output")(model)
    contract = read(model)
    assert [(feed.name, feed.role) for feed in contract.feeds] == [("input", Role.IDS)]
    assert contract.logits.name == "output"


def test_positions_may_start_at_one() -> None:
    roles = [feed.role for feed in read(PLAIN, from_one=True).feeds]
    assert Role.POSITIONS_FROM_ONE in roles
    assert Role.POSITIONS not in roles


def test_a_window_is_the_operators() -> None:
    states = read(graphs.grouped(replace(SHAPE, window=24), WEIGHTS)).states
    assert {(state.shape, state.axis) for state in states} == {((1, 2, 24, 16), None)}


def test_states_of_a_fixed_size_start_whole() -> None:
    model = copy(GROUPED)
    for name, shape in (("past_conv.3", ["batch", 8, 4]), ("past_ssm.3", ["batch", 2, 4, 5])):
        add_input(name, np.float16, shape)(model)
        present = graphs.value(name.replace("past", "present"), np.float16, shape)
        model.graph.output.append(present)
    states = {state.past: state for state in read(model).states}
    assert (states["past_conv.3"].shape, states["past_conv.3"].axis) == ((1, 8, 4), None)
    assert (states["past_ssm.3"].shape, states["past_ssm.3"].dtype) == ((1, 2, 4, 5), np.float16)
    assert states["past_ssm.3"].bytes_per_token == 0


def test_names_may_be_the_folders_own() -> None:
    model = copy(GROUPED)
    renamed = {"input_ids": "tokens", "past_key_values.0.key": "kc_0", "present.0.key": "kn_0"}
    renamed |= {"past_key_values.1.key": "kc_1", "present.1.key": "kn_1"}
    for each in [*model.graph.input, *model.graph.output]:
        each.name = renamed.get(each.name, each.name)
    for node in model.graph.node:
        node.input[:] = [renamed.get(each, each) for each in node.input]
        node.output[:] = [renamed.get(each, each) for each in node.output]
    contract = read(model, Names(ids="tokens", past_key="kc_%d", present_key="kn_%d"))
    assert contract.in_place
    assert contract.feed(Role.IDS) == Feed(
        Role.IDS, "tokens", np.int64, ("batch_size", "sequence_length")
    )
    assert {state.past: state.present for state in contract.states}["kc_1"] == "kn_1"
