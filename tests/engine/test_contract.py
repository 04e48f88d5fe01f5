"""What the engine reads from a graph, and the sentence it says about each graph it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from app.engine.contract import Contract, Feed, Geometry, Names, Role, read_contract
from app.errors import ModelDamaged, ModelUnsupported
from tests.engine import exports, graphs, reference
from tests.engine.reference import Shape

SHAPE = Shape(layers=2)
WEIGHTS = reference.random_weights(SHAPE)


def read(model: ModelProto, names: Names | None = None, **stated: Any) -> Contract:
    return read_contract(model, names or Names(), Geometry(**stated))


def copy(model: ModelProto) -> ModelProto:
    return ModelProto.FromString(model.SerializeToString())


GROUPED = graphs.grouped(SHAPE, WEIGHTS)
PLAIN = graphs.plain(SHAPE, WEIGHTS)


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


PAST = ["batch_size", SHAPE.kv_heads, "past_sequence_length", SHAPE.head_size]
REFUSALS = {
    "an unknown input": (
        add_input("speed", np.float32, ["batch", "tokens", 8]),
        r'no rule for this model\'s input "speed" \(float32 \[batch, tokens, 8\]\)',
    ),
    "positions in four rows": (
        add_input("position_ids", np.int64, [4, "batch", "tokens"]),
        r'input "position_ids" \(int64 \[4, batch, tokens\]\)',
    ),
    "runs of a fixed number of tokens": (
        replace_input("input_ids", np.int64, [1, 64]),
        r'input "input_ids" \(int64 \[1, 64\]\)',
    ),
    "a branch that is no truth value": (
        add_input("use_cache_branch", np.int64, [1]),
        r'input "use_cache_branch" \(int64 \[1\]\)',
    ),
    "a paged cache": (
        add_input("block_table", np.int32, ["batch", "blocks"]),
        r"keeps its cache in pages that a server manages.*block_table",
    ),
    "slots of a paged cache": (
        add_input("slot_mapping", np.int32, ["tokens"]),
        "keeps its cache in pages",
    ),
    "paged attention": (
        add_node("PagedAttention", "com.microsoft"),
        "keeps its cache in pages that a server manages",
    ),
    "an encoder-decoder": (
        add_input("encoder_hidden_states", np.float32, ["batch", "tokens", 8]),
        "is one half of an encoder-decoder",
    ),
    "an encoder-decoder's cache": (
        add_input("past_key_values.0.encoder.key", np.float32, PAST),
        "is one half of an encoder-decoder",
    ),
    "beams": (
        add_input("cache_indirection", np.int32, ["batch", "beams", "tokens"]),
        "searches with beams",
    ),
    "pictures": (
        add_input("pixel_values", np.float32, ["batch", 3, 224, 224]),
        "wants pictures or sound.*pixel_values",
    ),
    "ids of a strange type": (
        replace_input("input_ids", np.float32, ["batch", "tokens"]),
        r'input "input_ids" \(float32 \[batch, tokens\]\)',
    ),
    "another kind of state": (
        add_input("past_compressor.0", np.float32, ["batch", 8, 4]),
        r'input "past_compressor.0" \(float32 \[batch, 8, 4\]\)',
    ),
    "a state without its next one": (
        add_input("past_conv.0", np.float32, ["batch", 8, 4]),
        'input "past_conv.0" has no output "present_conv.0"',
    ),
    "a window of states": (
        add_input("past_key_values.0.conv_state", np.float32, [4, "batch", 8, 4]),
        r'input "past_key_values.0.conv_state" \(float32 \[4, batch, 8, 4\]\)',
    ),
    "a state of open size": (
        add_input("past_recurrent.0", np.float32, ["batch", "heads", 8, 4]),
        'input "past_recurrent.0"',
    ),
    "a quantised cache": (
        replace_input("past_key_values.1.value", np.int8, PAST),
        r'input "past_key_values.1.value" \(int8',
    ),
    "a past without a present": (
        rename_output("present.1.key", "other"),
        'input "past_key_values.1.key" has no output "present.1.key"',
    ),
    "a present of another type": (
        retype_output("present.0.key", TensorProto.FLOAT16),
        r'output "present.0.key" \(float16',
    ),
    "no ids": (drop_input("input_ids"), 'has no input "input_ids"'),
    "no logits": (rename_output("logits", "image"), 'has no output "logits".*gives image'),
    "logits of a strange type": (
        retype_output("logits", TensorProto.BFLOAT16),
        r'output "logits" \(bfloat16',
    ),
    "a type the format does not know": (
        retype_output("logits", 99),
        r'output "logits" \(type 99',
    ),
    "an operator from elsewhere": (
        add_node("Tokenize", "ai.onnx.contrib"),
        'operator "Tokenize" of "ai.onnx.contrib"',
    ),
    "an operator hidden in a branch": (
        hide_node("Spy", "evil.ops"),
        'operator "Spy" of "evil.ops"',
    ),
    "a compiled context": (add_node("EPContext", "com.microsoft"), "compiled for one kind"),
}


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


@pytest.mark.parametrize("case", REFUSALS)
def test_a_graph_without_a_rule_is_refused_in_one_sentence(case: str) -> None:
    change, sentence = REFUSALS[case]
    model = copy(GROUPED)
    change(model)
    with pytest.raises(ModelUnsupported, match=sentence):
        read(model)


def test_an_empty_graph_is_damaged() -> None:
    with pytest.raises(ModelDamaged, match="holds no graph"):
        read(ModelProto())


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
