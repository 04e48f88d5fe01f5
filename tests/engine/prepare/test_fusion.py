"""Spelled-out attention of many kinds: fused where it is the same, left alone where it is not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from app.engine.prepare.fusion import Cache, fuse_attention
from app.engine.prepare.rewrite import Rewrite, Unfit, attribute, grouped_attentions
from tests.benchmarks.real_shapes import SIZES, write_optimum
from tests.engine import graphs, reference
from tests.engine.prepare.running import inputs, logits
from tests.engine.prepare.spelled import Style, decoder, pairs
from tests.engine.reference import Shape

SHAPE = Shape(head_size=32)
ALIKE = replace(SHAPE, kv_heads=SHAPE.heads)
CONTEXT = 300
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 100).tolist()
CHUNKS = [60, 1, 1, 38]
STYLES = {
    "optimum": Style(mask="flat"),
    "qwen3": Style(mask="flat", norms="tokens_first"),
    "gemma3": Style(norms="heads_first", window=24, scale=0.0625),
    "gathered heads": Style(repeat="gather"),
    "interleaved": Style(rotary="interleaved"),
    "partly turned": Style(rotary="partial"),
    "not turned": Style(rotary="none"),
    "rotary operator": Style(rotary="operator"),
    "unscaled": Style(scale=1.0),
}


def fused(model: ModelProto, shape: Shape = SHAPE, context: int = CONTEXT) -> ModelProto | Unfit:
    cache = Cache(pairs(shape), shape.kv_heads, shape.head_size, context)
    return fuse_attention(model, cache, lambda weight: weight, lambda layer, layers: None)


def check(model: ModelProto, shape: Shape = SHAPE) -> ModelProto:
    after = fused(model, shape)
    assert not isinstance(after, Unfit), after
    assert len(grouped_attentions(after)) == shape.layers
    assert not {"attention_mask", "position_ids"} & set(inputs(after))
    expected = logits(model, IDS, CHUNKS)
    np.testing.assert_allclose(logits(after, IDS, CHUNKS), expected, atol=1e-4, rtol=0)
    return after


@pytest.mark.parametrize("name", STYLES)
def test_attention_is_fused_and_gives_the_same_logits(name: str) -> None:
    after = check(decoder(STYLES[name], SHAPE))
    window = STYLES[name].window or -1
    assert {attribute(node, "local_window_size") for node in grouped_attentions(after)} == {window}


def test_attention_in_one_node_is_fused_with_its_rotary() -> None:
    after = check(decoder(Style(core="multi", rotary="operator"), ALIKE), ALIKE)
    assert not [node for node in after.graph.node if node.op_type == "RotaryEmbedding"]


def test_the_plain_decoder_of_the_tests_is_fused() -> None:
    shape = Shape()
    check(graphs.plain(shape, reference.random_weights(shape)), shape)


def test_what_a_file_says_of_sizes_does_not_hide_what_its_operators_say() -> None:
    model = decoder(STYLES["optimum"], SHAPE)
    for node in model.graph.node:
        if node.op_type == "Reshape":
            vague = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, "abcd")
            model.graph.value_info.append(vague)
    assert not isinstance(fused(model), Unfit)


def test_weights_in_another_file_are_read_where_they_are_needed(tmp_path: Path) -> None:
    sizes = SIZES["tiny"]
    model = onnx.load(str(write_optimum(tmp_path, sizes) / "model.onnx"), load_external_data=False)
    shape = Shape(layers=sizes.layers, kv_heads=sizes.kv_heads, head_size=sizes.head_size)
    after = fused(model, shape)
    assert not isinstance(after, Unfit), after
    expected = logits(model, IDS, CHUNKS, tmp_path)
    np.testing.assert_allclose(logits(after, IDS, CHUNKS, tmp_path), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "style",
    [
        Style(mask="open"),
        Style(mask="slanted"),
        Style(core="capped"),
    ],
    ids=lambda style: f"{style.mask} {style.core}",
)
def test_what_the_fused_operator_does_not_do_stays(style: Style) -> None:
    outcome = fused(decoder(style, SHAPE))
    assert isinstance(outcome, Unfit)
    assert "something that the fused one does not" in outcome.reason


def test_a_mask_that_changes_far_into_the_context_is_noticed() -> None:
    """At short lengths a window of 200 hides nothing."""
    assert not isinstance(fused(decoder(Style(window=200), SHAPE), context=120), Unfit)
    after = fused(decoder(Style(window=200), SHAPE))
    assert not isinstance(after, Unfit)
    assert attribute(grouped_attentions(after)[0], "local_window_size") == 200


def test_a_mask_that_depends_on_the_tokens_stays() -> None:
    model = decoder(Style(), SHAPE)
    node = next(node for node in model.graph.node if node.op_type == "LessOrEqual")
    node.input[0] = "input_ids"
    assert isinstance(fused(model), Unfit)


def test_a_head_size_that_the_operator_cannot_take_stays() -> None:
    shape = Shape(head_size=24)
    outcome = fused(decoder(Style(), shape), shape)
    assert isinstance(outcome, Unfit)
    assert "no multiple of 16" in outcome.reason


def test_one_layer_that_differs_leaves_the_graph_as_it_is() -> None:
    model = Rewrite(decoder(Style(), SHAPE)).model
    last = [node for node in model.graph.node if node.op_type == "Softmax"][-1]
    last.op_type = "Identity"
    del last.attribute[:]
    assert isinstance(fused(model), Unfit)


def test_half_precision_is_fused_where_its_float32_twin_is() -> None:
    shape = Shape()
    weights = reference.random_weights(shape)
    model = graphs.plain(shape, weights, dtype=np.float16)
    after = fused(model, shape)
    assert not isinstance(after, Unfit), after
    assert len(grouped_attentions(after)) == shape.layers
    assert not {"attention_mask", "position_ids"} & set(inputs(after))
    exact = logits(graphs.plain(shape, weights), IDS, CHUNKS)
    before, fast = (logits(each, IDS, CHUNKS).astype(np.float32) for each in (model, after))
    off = [float(np.abs(each - exact).max()) for each in (before, fast)]
    assert 0 < off[1] < 1.5 * off[0]
    assert model.graph.input[3].type.tensor_type.elem_type == TensorProto.FLOAT16


def test_half_precision_that_does_something_else_stays() -> None:
    weights = reference.random_weights(Shape())
    model = Rewrite(graphs.plain(Shape(), weights, dtype=np.float16)).model
    last = [node for node in model.graph.node if node.op_type == "Softmax"][-1]
    last.op_type = "Identity"
    del last.attribute[:]
    assert isinstance(fused(model, Shape()), Unfit)
