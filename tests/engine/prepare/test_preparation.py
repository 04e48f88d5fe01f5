"""Preparing whole models: what is chosen, what it costs, what is stored and what a load runs."""

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from app import paths
from app.domain.preparation import KvCache, Precision, PreparationReport
from app.domain.requests import Provider
from app.engine.model import Model, open_model
from app.engine.prepare.copies import list_copies, remove_copies
from app.engine.prepare.preparation import prepare_model
from app.engine.prepare.sample import POSITIONS
from app.engine.prepare.store import GRAPH, WEIGHTS, PreparedStore
from app.errors import DiskFull, InvalidRequest
from tests.engine import graphs, reference
from tests.engine.prepare.small import few_bits
from tests.engine.prepare.spelled import Style, decoder
from tests.engine.reference import Shape

SHAPE = Shape(layers=1, context=600)
WEIGHTS_OF = reference.random_weights(SHAPE)
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 50).tolist()


def prepared(
    folder: Path, precision: Precision = Precision.AUTO, kv: KvCache = KvCache.MODEL
) -> PreparationReport:
    store = PreparedStore(paths.prepared())
    return prepare_model(folder, None, precision, store, lambda stage, done, total: None, kv)


def loaded(
    folder: Path, precision: Precision = Precision.AUTO, kv: KvCache = KvCache.MODEL
) -> Model:
    return open_model(
        folder, None, Provider.CPU, lambda done, total: None, precision=precision, kv=kv
    )


def rows(model: Model) -> np.ndarray:
    return model.forward.run(IDS, every_position=True).copy()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Spelled-out attention in float32."""
    return graphs.write_folder(tmp_path / "plain", decoder(Style(), SHAPE), SHAPE)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Weights of 4 bits, multiplied at full precision, and no more like a model than chance."""
    return graphs.write_folder(tmp_path / "packed", few_bits(SHAPE), SHAPE)


def test_spelled_attention_is_fused_and_runs_from_the_copy(plain: Path) -> None:
    before = rows(loaded(plain))
    report = prepared(plain)
    assert report.preparation.steps[0].applied
    assert report.exact_deviation <= 1e-4
    model = loaded(plain)
    assert model.info.preparation == report.preparation
    assert model.info.preparation.stored
    assert model.info.preparation.precision is Precision.EXACT
    np.testing.assert_allclose(rows(model), before, atol=1e-4, rtol=0)
    expected = reference.logits(WEIGHTS_OF, SHAPE, IDS)
    grouped = graphs.write_folder(plain.parent / "g", graphs.grouped(SHAPE, WEIGHTS_OF), SHAPE)
    prepared(grouped)
    np.testing.assert_allclose(rows(loaded(grouped)), expected, atol=1e-4, rtol=0)


def test_half_precision_is_fused_and_says_that_this_changes_numbers(tmp_path: Path) -> None:
    model = graphs.plain(SHAPE, WEIGHTS_OF, dtype=np.float16)
    half = graphs.write_folder(tmp_path / "half", model, SHAPE)
    before = rows(loaded(half))
    preparation = prepared(half).preparation
    assert preparation.divergence is not None
    assert preparation.divergence.is_small
    assert preparation.precision is Precision.FAST
    fused = preparation.steps[0]
    assert (fused.name, fused.applied, fused.exact) == ("attention fused", True, False)
    after = loaded(half)
    assert after.info.preparation.stored
    assert 0 < np.abs(rows(after) - before).max() < 0.05
    assert not loaded(half, Precision.EXACT).info.preparation.stored


def test_a_fast_graph_that_is_too_far_off_is_not_the_default(packed: Path) -> None:
    report = prepared(packed)
    cost = report.preparation.divergence
    assert cost is not None
    assert cost.positions >= POSITIONS
    assert not cost.is_small
    assert report.preparation.precision is Precision.EXACT
    assert f"{cost.mean:.2g}" in report.preparation.reason
    assert not loaded(packed).info.preparation.steps[-1].name.startswith("8-bit")


def test_a_fast_graph_runs_for_whoever_asks(packed: Path) -> None:
    exact = rows(loaded(packed, Precision.EXACT))
    asked = loaded(packed, Precision.FAST)
    assert asked.info.preparation.precision is Precision.FAST
    assert "not been measured" in asked.info.preparation.reason
    report = prepared(packed, Precision.FAST)
    assert report.preparation.divergence is not None
    fast = loaded(packed, Precision.FAST)
    assert fast.info.preparation.stored
    assert fast.info.preparation.divergence == report.preparation.divergence
    change = np.abs(rows(fast) - exact).max()
    assert 1e-4 < change <= report.preparation.divergence.deviation * 2
    np.testing.assert_array_equal(rows(loaded(packed)), exact)


def test_a_fast_graph_that_costs_little_is_the_default(packed: Path) -> None:
    """Flat distributions: rounding barely shows in them."""
    model = onnx.load(str(packed / "model.onnx"))
    norm = next(each for each in model.graph.initializer if each.name == "norm")
    small = onnx.numpy_helper.to_array(norm) * 0.002
    norm.CopyFrom(onnx.numpy_helper.from_array(small.astype(np.float32), "norm"))
    onnx.save(model, str(packed / "model.onnx"))
    report = prepared(packed)
    assert report.preparation.precision is Precision.FAST
    assert report.preparation.divergence is not None
    assert report.preparation.divergence.is_small
    assert loaded(packed).info.preparation.precision is Precision.FAST
    assert loaded(packed, Precision.EXACT).info.preparation.precision is Precision.EXACT


def test_a_cache_of_8_bits_is_prepared_measured_and_a_quarter_as_large(tmp_path: Path) -> None:
    model = graphs.grouped(SHAPE, WEIGHTS_OF)
    folder = graphs.write_folder(tmp_path / "grouped", model, SHAPE)
    with pytest.raises(InvalidRequest, match="not been prepared for a cache of 8 bits"):
        loaded(folder, kv=KvCache.INT8)
    exact = loaded(folder)
    report = prepared(folder, kv=KvCache.INT8)
    cost = report.preparation.divergence
    assert cost is not None
    assert cost.positions >= POSITIONS
    assert 0 < cost.mean < 0.05
    rounded = loaded(folder, kv=KvCache.INT8)
    assert rounded.info.preparation == report.preparation
    assert rounded.forward.cache_bytes_per_token * 4 == exact.forward.cache_bytes_per_token
    np.testing.assert_allclose(rows(rounded), rows(exact), atol=1e-4, rtol=0)  # a prompt is exact
    change = np.abs(rounded.forward.run([3]) - exact.forward.run([3])).max()
    assert 1e-3 < change < 5
    assert loaded(folder).info.preparation.kv is KvCache.MODEL
    assert not prepared(folder, kv=KvCache.INT8).renewed


def test_the_original_files_stay_as_they_are(plain: Path) -> None:
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in plain.iterdir()}
    prepared(plain)
    after = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in plain.iterdir()}
    assert after == before


def test_what_is_prepared_is_not_prepared_again(plain: Path) -> None:
    first, again = prepared(plain), prepared(plain)
    assert (first.renewed, again.renewed) == (True, False)
    assert again.preparation == first.preparation
    assert again.exact_deviation == first.exact_deviation


def test_a_model_that_has_changed_is_prepared_anew(plain: Path) -> None:
    prepared(plain)
    graphs.write_folder(plain, decoder(Style(), SHAPE, seed=1), SHAPE)
    assert not loaded(plain).info.preparation.stored
    assert prepared(plain).renewed


def test_a_model_that_has_moved_keeps_its_copy(plain: Path, tmp_path: Path) -> None:
    prepared(plain)
    shutil.move(plain, tmp_path / "elsewhere")
    assert not prepared(tmp_path / "elsewhere").renewed
    store = PreparedStore(paths.prepared())
    (copy,) = list_copies(store, str(tmp_path / "elsewhere"))
    assert (list_copies(store, str(plain)), copy.problem) == ((), "")


def test_copies_are_listed_with_what_they_take_and_removed_by_model(
    plain: Path, packed: Path
) -> None:
    reports = [prepared(plain), prepared(packed)]
    store = PreparedStore(paths.prepared())
    damaged = store.root / "0123"
    damaged.mkdir()
    copies = {each.folder: each for each in list_copies(store, "")}
    assert copies.pop(str(damaged)).problem == "its record cannot be read"
    for report in reports:
        copy = copies.pop(report.folder)
        assert (copy.preparation, copy.problem) == (report.preparation, "")
        assert report.prepared_bytes < copy.bytes < report.prepared_bytes + 10_000
        assert list_copies(store, report.path) == (copy,)
    assert copies == {}
    assert [each.folder for each in remove_copies(store, str(plain))] == [reports[0].folder]
    assert not loaded(plain).info.preparation.stored
    assert loaded(packed).info.preparation.stored
    shutil.rmtree(packed)
    assert list_copies(store, str(packed))[0].problem == "its model is not there any more"
    assert len(remove_copies(store, "")) == 2
    assert list_copies(store, "") == ()


@pytest.mark.parametrize("file", [GRAPH, WEIGHTS, "record.json"])
def test_a_damaged_copy_is_not_run_and_made_anew(plain: Path, file: str) -> None:
    whole = rows(loaded(plain))
    damaged = Path(prepared(plain).folder) / file
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    model = loaded(plain)
    assert not model.info.preparation.stored
    np.testing.assert_allclose(rows(model), whole, atol=1e-4, rtol=0)
    assert prepared(plain).renewed
    assert loaded(plain).info.preparation.stored


def test_a_copy_that_was_cut_short_is_made_anew(plain: Path) -> None:
    weights = Path(prepared(plain).folder) / WEIGHTS
    os.truncate(weights, weights.stat().st_size // 2)
    assert not loaded(plain).info.preparation.stored
    assert prepared(plain).renewed


def test_a_preparation_that_is_broken_off_leaves_nothing(plain: Path) -> None:
    class _Stopped(BaseException):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "store" and done == 1:
            raise _Stopped

    store = PreparedStore(paths.prepared())
    with pytest.raises(_Stopped):
        prepare_model(plain, None, Precision.AUTO, store, stop)
    assert list(store.root.glob("*/")) == []
    assert not loaded(plain).info.preparation.stored


def test_a_full_disk_is_said_before_anything_is_done(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(plain)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(DiskFull, match="no room for a prepared copy"):
        prepared(plain)
    assert not loaded(plain).info.preparation.stored


def test_the_folder_of_copies_is_for_its_owner_alone(plain: Path) -> None:
    folder = Path(prepared(plain).folder)
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_copy_by_another_runtime_goes_when_a_new_one_is_made(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.prepare.store.runtime_version", lambda: "1.0")
    old = Path(prepared(plain).folder)
    monkeypatch.undo()
    monkeypatch.setenv("CANDOR_HOME", str(old.parent.parent))
    assert not loaded(plain).info.preparation.stored
    assert prepared(plain).renewed
    assert not old.exists()


def test_a_fast_graph_on_another_device_is_refused(packed: Path) -> None:
    from app.engine.prepare.choice import choose_graph
    from app.engine.understood import understand

    model = understand(packed, None, Provider.CPU)
    store = PreparedStore(paths.prepared())
    with pytest.raises(InvalidRequest, match="for the CPU only"):
        choose_graph(model, Precision.FAST, Provider.CUDA, store)
    other = choose_graph(model, Precision.AUTO, Provider.CUDA, store)
    assert other.source is None
