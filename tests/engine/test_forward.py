"""The forward pass against an independent one, over every layout's graph."""

from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from app.domain.requests import Provider
from app.engine.forward import CHUNK, Forward
from app.engine.model import open_model
from app.errors import ContextExceeded, InvalidRequest, ModelUnsupported
from tests.engine import graphs, reference
from tests.engine.reference import Shape

SHAPE = Shape()
WEIGHTS = reference.random_weights(SHAPE)
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 300).tolist()
DIRECT: dict[str, list[int | str]] = {"seqlens_k": ["batch"], "total_sequence_length": []}
CUDA_DIRECT: dict[str, list[int | str]] = {"seqlens_k": ["batch"], "total_seq_len": [1]}


def grown(model: ModelProto) -> ModelProto:
    """The same graph with a second reader of the past, which forbids sharing its memory."""
    model.graph.node.append(helper.make_node("Shape", ["past_key_values.0.key"], ["length"]))
    model.graph.output.append(helper.make_tensor_value_info("length", TensorProto.INT64, [4]))
    return model


GRAPHS = {
    "grouped": graphs.grouped(SHAPE, WEIGHTS),
    "grouped, int32 ids": graphs.grouped(SHAPE, WEIGHTS, ids_dtype=np.int32),
    "grouped, open head size": graphs.grouped(SHAPE, WEIGHTS, head_symbol="kv_cache_dim"),
    "grouped, growing": grown(graphs.grouped(SHAPE, WEIGHTS)),
    "grouped, one logit": graphs.grouped(SHAPE, WEIGHTS, keep_shape=[]),
    "grouped, logits counted": graphs.grouped(SHAPE, WEIGHTS, keep_shape=[1]),
    "grouped, lengths given": graphs.gathered(graphs.grouped(SHAPE, WEIGHTS, direct=DIRECT)),
    "grouped, lengths of a CUDA build": graphs.grouped(SHAPE, WEIGHTS, direct=CUDA_DIRECT),
    "plain": graphs.plain(SHAPE, WEIGHTS),
    "plain, int32 ids": graphs.plain(SHAPE, WEIGHTS, ids_dtype=np.int32),
}


def open_forward(folder: Path) -> Forward:
    return open_model(folder, None, Provider.CPU, lambda done, total: None).forward


@pytest.fixture(params=GRAPHS)
def forward(request: pytest.FixtureRequest, tmp_path: Path) -> Forward:
    return open_forward(graphs.write_folder(tmp_path, GRAPHS[request.param], SHAPE))


def in_chunks(forward: Forward, ids: list[int], size: int) -> np.ndarray:
    starts = range(0, len(ids), size)
    rows = [forward.run(ids[at : at + size], every_position=True).copy() for at in starts]
    return np.concatenate(rows)


@pytest.mark.parametrize("size", [1, 7, CHUNK, len(IDS)])
def test_logits_agree_with_the_reference(forward: Forward, size: int) -> None:
    ids = IDS[:40] if size == 1 else IDS
    expected = reference.logits(WEIGHTS, SHAPE, ids)
    np.testing.assert_allclose(in_chunks(forward, ids, size), expected, atol=1e-4, rtol=0)


def test_the_last_row_is_what_a_run_gives(forward: Forward) -> None:
    expected = reference.logits(WEIGHTS, SHAPE, IDS[:20])[-1:]
    np.testing.assert_allclose(forward.run(IDS[:20]), expected, atol=1e-4, rtol=0)


def test_logits_are_float32_rows(forward: Forward) -> None:
    assert forward.run(IDS[:3]).shape == (1, SHAPE.vocabulary)
    assert forward.run(IDS[:3], every_position=True).shape == (3, SHAPE.vocabulary)
    assert forward.run(IDS[:1]).dtype == np.float32


def test_a_rewound_cache_gives_the_bits_of_a_fresh_one(forward: Forward) -> None:
    fresh = in_chunks(forward, IDS[:60], 20)
    assert forward.reuse([*IDS[:40], *IDS[100:130]]) == 40
    in_chunks(forward, IDS[100:130], 20)
    assert forward.reuse(IDS[:60]) == 40
    np.testing.assert_array_equal(in_chunks(forward, IDS[40:60], 20), fresh[40:])


def test_reuse_leaves_one_token_to_run(forward: Forward) -> None:
    forward.run(IDS[:10])
    assert forward.reuse(IDS[:10]) == 9
    assert forward.reuse(IDS[:4]) == 3
    assert forward.reuse([]) == 0
    assert forward.cached_ids() == ()


def test_a_full_context_refuses_and_keeps_the_cache(tmp_path: Path) -> None:
    shape = Shape(context=16)
    weights = reference.random_weights(shape)
    folder = graphs.write_folder(tmp_path, graphs.grouped(shape, weights), shape)
    forward = open_forward(folder)
    assert forward.capacity == 16
    forward.run(IDS[:16])
    with pytest.raises(ContextExceeded, match="17 tokens are needed, 16 fit"):
        forward.run(IDS[16:17])
    assert forward.reuse(IDS[:16]) == 15
    expected = reference.logits(weights, shape, IDS[:16])[-1:]
    np.testing.assert_allclose(forward.run(IDS[15:16]), expected, atol=1e-4, rtol=0)


def test_a_failed_run_leaves_the_cache_as_it_was(forward: Forward) -> None:
    forward.run(IDS[:10])
    with pytest.raises(ModelUnsupported, match="failed while it computed"):
        forward.run([5, SHAPE.vocabulary + 1000])
    assert forward.cached_ids() == tuple(IDS[:10])
    expected = reference.logits(WEIGHTS, SHAPE, IDS[:12])[10:]
    actual = forward.run(IDS[10:12], every_position=True)
    np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=0)


def test_numbers_that_stop_being_finite_leave_the_cache_as_it_was(tmp_path: Path) -> None:
    graph = graphs.grouped(SHAPE, WEIGHTS)
    table = next(each for each in graph.graph.initializer if each.name == "cos")
    values = numpy_helper.to_array(table).copy()
    values[10:] = np.nan
    table.CopyFrom(numpy_helper.from_array(values, "cos"))
    forward = open_forward(graphs.write_folder(tmp_path, graph, SHAPE))
    forward.run(IDS[:10])
    with pytest.raises(ModelUnsupported, match="numbers that are not finite"):
        forward.run(IDS[10:11])
    assert forward.cached_ids() == tuple(IDS[:10])
    assert forward.reuse(IDS[:10]) == 9
    expected = reference.logits(WEIGHTS, SHAPE, IDS[:10])[-1:]
    np.testing.assert_allclose(forward.run(IDS[9:10]), expected, atol=1e-4, rtol=0)


def test_nothing_to_run_is_refused(forward: Forward) -> None:
    with pytest.raises(InvalidRequest, match="no token to run"):
        forward.run([])


@pytest.mark.parametrize("build", [graphs.grouped, graphs.plain])
def test_half_precision_stays_near_the_reference(build, tmp_path: Path) -> None:
    graph = build(SHAPE, WEIGHTS, dtype=np.float16)
    forward = open_forward(graphs.write_folder(tmp_path, graph, SHAPE))
    expected = reference.logits(WEIGHTS, SHAPE, IDS[:50])
    actual = in_chunks(forward, IDS[:50], 20)
    assert actual.dtype == np.float32
    assert np.abs(actual - expected).max() < 0.02 * np.abs(expected).max()
