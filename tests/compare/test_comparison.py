"""The comparison with other runtimes: what it makes of samples, and that it measures ours."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from app.engine.runtime.runtime import ort, session_threads
from tests.benchmarks import real_shapes
from tests.benchmarks.comparison import models, operator_times, report
from tests.benchmarks.comparison.process import MEMORY, Failed, Process
from tests.benchmarks.comparison.run import Found, Plan, Run
from tests.benchmarks.comparison.samples import Figure, Sample, exact, figure, ratio
from tests.benchmarks.comparison.systems import GROUPS, READS, System
from tests.benchmarks.comparison.targets import TARGETS, reached

CANDOR = System(
    "candor", "Candor", None, "run_candor.py", "genai",
    ("load", "prefill", "decode", "batch", "long", "profile"), {"prepared": False},
)  # fmt: skip


def test_only_samples_with_all_of_their_threads_are_clean() -> None:
    samples = [Sample(3.0, 2.0), Sample(1.0, 1.0), Sample(5.0, 1.86), Sample(9.0, 1.84)]
    assert figure(samples, threads=2) == Figure(clean=4.0, least=1.0, count=2, of=4)
    assert figure(samples, threads=1).count == 4
    assert figure(samples[1:2], threads=2) == Figure(clean=None, least=1.0, count=0, of=1)


def test_a_ratio_without_two_clean_figures_is_one_of_minima() -> None:
    noisy = Figure(clean=None, least=2.0, count=0, of=3)
    assert ratio(exact(6.0), exact(3.0)) == (2.0, 2.0)
    assert ratio(noisy, exact(4.0)) == (None, 0.5)


def test_a_target_is_met_from_its_own_side() -> None:
    figures = {
        "genai": {"decode": exact(0.020), "peak": exact(1000.0)},
        "candor": {"decode": exact(0.010), "peak": exact(700.0)},
        "llama": {"decode": exact(0.012)},
    }
    found = {each.target.text: each for each in reached("int4", figures)}
    beside_genai = found["decode at 512, beside onnxruntime-genai's default build"]
    beside_llama = found["decode at 512, beside llama.cpp Q4_0"]
    memory = found["peak memory, of onnxruntime-genai's default build"]
    assert (beside_genai.least, beside_genai.met) == (pytest.approx(2.0), True)
    assert (beside_llama.least, beside_llama.met) == (pytest.approx(1.2), False)
    assert (memory.least, memory.met) == (pytest.approx(0.7), False)
    missing = found["prefill of 512, beside llama.cpp Q4_0"]
    assert (missing.clean, missing.least, missing.met) == (None, None, False)


def test_every_target_names_what_is_measured() -> None:
    for group, targets in TARGETS.items():
        measures = {each.name: {*each.measures, *MEMORY} for each in GROUPS[group]}
        for target in targets:
            for system, measure in (target.ours, target.other):
                assert measure in measures[system], target


def test_the_page_shows_missed_figures_and_profiles() -> None:
    figures = {
        READS.name: {"reads": Figure(0.02, 2**29 / 40e9, 1, 1)},
        "genai": {"decode": Figure(0.020, 0.019, 8, 9), "prefill": exact(1 / 300)},
        "candor": {"decode": Figure(0.025, 0.024, 7, 9), "prefill": exact(1 / 450)},
    }
    profiles = {"candor": {"decode": {"MatMulNBits": 15.0, "Reshape": 0.01}}}
    run = report.Stored(
        shape="qwen3-0.6b", group="int4", day="2026-01-01", machine="a machine", threads=2,
        plan=Plan(), bytes_per_token={"genai": 4e8, "candor": 4e8},
        found=Found(figures, profiles, {"llama": "no compiler"}),
    )  # fmt: skip
    lines = report.page([run], 0.925).splitlines()
    beside_genai = next(line for line in lines if "default build" in line and "decode" in line)
    assert beside_genai.endswith("| at least 1x | 0.80 / 0.79 | **missed** |")
    assert any(line.endswith("| at least 1.4x | 1.50 / 1.50 |  |") for line in lines)
    assert "| MatMulNBits | 15.00 |" in lines
    assert "| others | 0.01 |" in lines
    assert any("25.00 / 24.00 (7 of 9)" in line and "40 %" in line for line in lines)
    assert any("was left out: no compiler" in line for line in lines)


def test_what_others_wrote_stays_on_the_page() -> None:
    theirs = "\n## A table of another benchmark\n"
    assert report.by_others("") == report.MARK
    assert report.by_others(f"old figures\n{report.MARK}{theirs}") == report.MARK + theirs


def test_our_engine_is_measured_from_load_to_profile(tmp_path: Path) -> None:
    plan = Plan(
        context=140, long_context=200, rows=2, tokens=3, rounds=2, decodes=1, long_rounds=1,
        loads=1,
    )  # fmt: skip
    forms = models.Models(tmp_path / "models", tmp_path / "peers", "tiny")
    found = Run((CANDOR,), forms, tmp_path, 2, plan).all()
    assert found.failures == {}
    measured = {name: each.of for name, each in found.figures["candor"].items()}
    assert measured == {
        "load": 1, "prefill": 2, "decode": 2, "peak": 1, "private": 1, "batch": 2, "long": 1,
    }  # fmt: skip
    assert all(each.least > 0 for each in found.figures["candor"].values())
    assert found.figures["candor"]["peak"].least > 10 * 2**20
    profile = found.profiles["candor"]
    assert profile["prefill"]["MatMulNBits"] > 0
    assert profile["decode"]["GroupQueryAttention"] > 0
    assert profile["batch of 2"]["MatMulNBits"] > 0


def test_a_system_that_fails_is_left_out_with_its_reason(tmp_path: Path) -> None:
    forms = models.Models(tmp_path / "models", tmp_path / "peers", "tiny")
    broken = System("broken", "Broken", None, "run_candor.py", "nothing", ("load",), {})
    found = Run((broken,), forms, tmp_path, 1, Plan(rounds=0, loads=0, long_rounds=0)).all()
    assert list(found.figures) == []
    assert "ModelNotFound" in found.failures["broken"] or "KeyError" in found.failures["broken"]


def test_a_system_that_ended_says_so_and_can_be_closed(tmp_path: Path) -> None:
    absent = System("absent", "Absent", None, "run_absent.py", "nothing", ("load",), {})
    process = Process(absent, Path(sys.executable), tmp_path, 1, tmp_path / "logs" / "absent.log")
    for _ in range(2):  # the first time waits for its end, the second asks a closed pipe
        with pytest.raises(Failed, match="ended with status 2"):
            process.ask("load", context=0)
    process.close()


def test_the_roof_is_measured(tmp_path: Path) -> None:
    few = dataclasses.replace(READS, options={"bytes": 2**24})
    process = Process(few, Path(sys.executable), tmp_path, 2, tmp_path / "logs" / "reads.log")
    try:
        process.ask("load", context=0)
        sample = process.sample("decode", context=0, tokens=1)
        assert 2**24 / sample.value > 1e7
        with pytest.raises(Failed, match="no such command"):
            process.ask("juggle")
    finally:
        process.close()


def test_only_the_last_position_reaches_the_head(tmp_path: Path) -> None:
    real_shapes.write_genai(tmp_path, real_shapes.SIZES["tiny"])
    model = onnx.load(str(tmp_path / "model.onnx"), load_external_data=False)
    models.keep_last(model)
    (tmp_path / "last.onnx").write_bytes(model.SerializeToString())
    whole, last = (_logits(tmp_path / name) for name in ("model.onnx", "last.onnx"))
    assert whole.shape == (1, 5, 512)
    assert last.shape == (1, 1, 512)
    assert np.allclose(whole[:, -1:], last, atol=0.05)  # int8 activations, other run lengths


def test_runs_are_told_apart_by_their_first_kernel() -> None:
    entries = [
        {"name": f"{node}_kernel_time", "ts": at, "dur": 1000, "args": {"op_name": kind}}
        for at, (node, kind) in enumerate([("a", "Add"), ("b", "Mul"), ("c", "Mul")] * 3)
    ]
    runs = operator_times.by_run(entries)
    assert runs == [{"Add": 1.0, "Mul": 2.0}] * 3
    assert operator_times.total(runs[1:]) == {"Add": 2.0, "Mul": 4.0}


def _logits(file: Path) -> np.ndarray:
    options = ort.SessionOptions()
    session_threads(options)
    session = ort.InferenceSession(str(file), options)
    feeds = {"input_ids": np.arange(5)[None], "attention_mask": np.ones((1, 5), np.int64)}
    for each in session.get_inputs()[2:]:
        feeds[each.name] = np.zeros((1, 2, 0, 16), np.float32)
    return np.asarray(session.run(["logits"], feeds)[0])
