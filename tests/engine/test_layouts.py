"""Every layout's graphs against an independent forward pass: ids, logits, rewinds and failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper

from app.domain.requests import Provider
from app.engine.forward import CHUNK, Forward
from app.engine.model import Model, open_model
from app.errors import ModelUnsupported
from tests.engine import exports, graphs, reference
from tests.engine.hybrids import Convolution, Recurrence
from tests.engine.reference import Shape, Weights

SHAPE = Shape()
WEIGHTS = reference.random_weights(SHAPE)
ALL_HEADS = replace(SHAPE, kv_heads=4)
ONE_HEAD = replace(SHAPE, kv_heads=1)
WINDOW = replace(SHAPE, window=24)
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 300).tolist()


@dataclass(frozen=True)
class Case:
    """A network and a function that writes it into a folder."""

    write: Callable[[Path, Shape, Weights], object]
    shape: Shape = SHAPE
    extra: Weights | None = None
    mixers: Mapping[int, Convolution | Recurrence] = field(default_factory=dict)

    def expected(self, ids: list[int]) -> np.ndarray:
        """Logits of an independent forward pass."""
        mixers = {layer: mixer.reference for layer, mixer in self.mixers.items()}
        return reference.logits(self.weights, self.shape, ids, mixers)

    @property
    def weights(self) -> Weights:
        return reference.random_weights(self.shape) | (self.extra or {})

    def open(self, folder: Path) -> Model:
        self.write(folder, self.shape, self.weights)
        return open_model(folder, None, Provider.CPU, lambda done, total: None)


def one(build: Callable[..., ModelProto], file: str = "model.onnx", **options: object) -> Callable:
    def write(folder: Path, shape: Shape, weights: Weights) -> None:
        graphs.write_folder(folder, build(shape, weights, **options), shape, file=file)

    return write


def gemma(folder: Path, shape: Shape, weights: Weights) -> None:
    one(graphs.plain, positions=exports.positions_from_one)(folder, shape, weights)
    config = folder / "config.json"
    config.write_text(config.read_text().replace("qwen3", "gemma3_text"))


def halves(folder: Path, shape: Shape, weights: Weights) -> None:
    both = exports.halves(shape, weights)
    graphs.write_folder(folder, both.opening, shape, file="decoder_model.onnx")
    graphs.write_folder(folder, both.going_on, shape, file="decoder_with_past_model.onnx")


def merged_outside(folder: Path, shape: Shape, weights: Weights) -> None:
    """Weights of both branches in a file of their own."""
    graph = exports.merged(shape, weights)
    file = "onnx/decoder_model_merged.onnx"
    graphs.write_folder(folder, graph, shape, file=file, external_data="branches.onnx_data")


def per_tensor(folder: Path, shape: Shape, weights: Weights) -> None:
    """Old optimum: one file for each weight."""
    graphs.write_folder(folder, graphs.plain(shape, weights), shape)
    graph = onnx.load(str(folder / "model.onnx"))
    onnx.save(graph, str(folder / "model.onnx"), save_as_external_data=True,
              all_tensors_to_one_file=False, size_threshold=256)  # fmt: skip


def split(folder: Path, shape: Shape, weights: Weights) -> None:
    graph = graphs.plain(shape, weights, embedded=True)
    graphs.write_folder(folder, graph, shape, file="onnx/decoder_model_merged_q4.onnx")
    onnx.save(exports.embed_tokens(weights), str(folder / "onnx" / "embed_tokens_q4.onnx"))
    onnx.save(graphs.plain(shape, WEIGHTS), str(folder / "onnx" / "vision_encoder_q4.onnx"))


def half_precision_embeddings(folder: Path, shape: Shape, weights: Weights) -> None:
    split(folder, shape, weights)
    (folder / "onnx" / "embed_tokens_q4.onnx").rename(folder / "onnx" / "embed_tokens_fp16.onnx")


def per_layer() -> Weights:
    rng = np.random.default_rng(5)
    tables = rng.standard_normal((SHAPE.vocabulary, SHAPE.layers, 8)).astype(np.float32)
    drawn = {
        f"{layer}.per_layer": rng.standard_normal((8, SHAPE.hidden)).astype(np.float32) / 8
        for layer in range(SHAPE.layers)
    }
    return {"per_layer": tables} | drawn


def hybrid(mixers: dict[int, Convolution | Recurrence], *, growing: bool = False) -> Case:
    def write(folder: Path, shape: Shape, weights: Weights) -> None:
        graph = graphs.grouped(shape, weights, mixers=mixers)
        if growing:
            pasts = [each.name for each in graph.graph.input if each.name.endswith(".key")]
            graph.graph.node.extend(
                helper.make_node("Shape", [each], [f"{each}_n"]) for each in pasts
            )
        graphs.write_folder(folder, graph, shape)

    return Case(write, mixers=mixers)


LINEAR = Recurrence(
    "gated_delta",
    ("past_conv.%d", "past_recurrent.%d"),
    ("present_conv.%d", "present_recurrent.%d"),
)
GENAI_LINEAR = Recurrence(
    "gated_delta",
    ("past_key_values.%d.conv_state", "past_key_values.%d.recurrent_state"),
    ("present.%d.conv_state", "present.%d.recurrent_state"),
)
STATE_SPACE = Recurrence(
    "gated", ("past_conv.%d", "past_ssm.%d"), ("present_conv.%d", "present_ssm.%d")
)

CASES = {
    "convolution (LFM2)": hybrid({0: Convolution()}),
    "linear attention (Qwen3.5)": hybrid({0: LINEAR}),
    "linear attention beside a growing cache": hybrid({0: LINEAR}, growing=True),
    "linear attention, genai's names": hybrid({1: GENAI_LINEAR}),
    "state space (Granite)": hybrid({0: STATE_SPACE}),
    "state space and attention in every layer (Falcon H1)": hybrid(
        {0: replace(STATE_SPACE, attends=True), 1: replace(STATE_SPACE, attends=True)}
    ),
    "no attention at all": hybrid({0: LINEAR, 1: STATE_SPACE}),
    "positions from one": Case(gemma),
    "positions in three rows": Case(one(graphs.plain, positions=exports.three_rows)),
    "no positions": Case(one(graphs.plain, positions=exports.no_positions)),
    "combined cache": Case(one(graphs.plain, past=exports.Combined())),
    "combined cache, int32": Case(one(graphs.plain, past=exports.Combined(), ids_dtype=np.int32)),
    "heads in rows": Case(one(graphs.plain, past=exports.HeadsInRows()), ALL_HEADS),
    "keys beside values": Case(one(graphs.plain, past=exports.Fused()), ONE_HEAD),
    "no cache": Case(one(graphs.plain, past=exports.Forgetful())),
    "no cache, presents given out": Case(one(graphs.plain, past=exports.Bare())),
    "a cache of a fixed length": Case(one(graphs.grouped, fixed=SHAPE.context)),
    "two halves": Case(halves),
    "merged halves": Case(one(exports.merged, file="decoder_model_merged.onnx")),
    "merged halves, weights outside": Case(merged_outside),
    "a file for each weight": Case(per_tensor),
    "embeddings apart": Case(split),
    "embeddings apart, stored otherwise": Case(half_precision_embeddings),
    "embeddings of every layer": Case(split, extra=per_layer()),
    "sliding window": Case(one(graphs.plain, past=exports.Sliding()), WINDOW),
    "sliding window in grouped attention": Case(one(graphs.grouped), WINDOW),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def forward(case: Case, tmp_path: Path) -> Forward:
    return case.open(tmp_path).forward


def in_chunks(forward: Forward, ids: list[int], size: int) -> np.ndarray:
    starts = range(0, len(ids), size)
    rows = [forward.run(ids[at : at + size], every_position=True).copy() for at in starts]
    return np.concatenate(rows)


@pytest.mark.parametrize("size", [1, 7, CHUNK])
def test_logits_agree_with_the_reference(forward: Forward, case: Case, size: int) -> None:
    ids = IDS[:40] if size == 1 else IDS[:150]
    expected = case.expected(ids)
    np.testing.assert_allclose(in_chunks(forward, ids, size), expected, atol=1e-4, rtol=0)


def test_a_rewound_cache_goes_on_as_a_fresh_one(forward: Forward, case: Case) -> None:
    in_chunks(forward, IDS[:60], 20)
    other = [*IDS[:47], *IDS[100:130]]
    for ids in (other, IDS[:60], other[:50]):
        done = forward.reuse(ids)
        assert forward.cached_ids() == tuple(ids[:done])
        expected = case.expected(ids)[done:]
        actual = in_chunks(forward, ids[done:], 7)
        np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=0)


def test_a_failed_run_leaves_the_cache_as_it_was(forward: Forward, case: Case) -> None:
    forward.run(IDS[:10])
    with pytest.raises(ModelUnsupported, match="failed while it computed"):
        forward.run([5, SHAPE.vocabulary + 1000])
    assert forward.cached_ids() == tuple(IDS[:10])
    expected = case.expected(IDS[:12])[10:]
    actual = forward.run(IDS[10:12], every_position=True)
    np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=0)


def test_a_detour_leaves_the_cache_as_it_was(forward: Forward, case: Case) -> None:
    in_chunks(forward, IDS[:50], 10)
    aside = [*IDS[:33], *IDS[200:240]]
    with forward.detour(aside):
        done = forward.reuse(aside)
        in_chunks(forward, aside[done:], 9)
    assert forward.cached_ids() == tuple(IDS[:50])
    expected = case.expected(IDS[:55])[50:]
    actual = forward.run(IDS[50:55], every_position=True)
    np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=0)
