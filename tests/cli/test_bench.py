"""`candor bench`: what it measures, and that every round has the stated size."""

import os
import sys
from typing import Any

import pytest

from app import paths
from app.services.benchmark.process_stats import ProcessStats, process_stats
from app.services.benchmark.rounds import spread
from app.services.benchmark.together import overlapping_rate
from tests.cli.program import Program

SIZE = ("--prompt-tokens", "48", "--max-tokens", "16", "--rounds", "3")


@pytest.fixture(scope="module")
def report(program: Program) -> dict[str, Any]:
    return program.json("bench", *SIZE)


def test_every_round_is_measured(report: dict[str, Any]) -> None:
    assert (report["prompt_tokens"], report["completion_tokens"]) == (48, 16)
    assert len(report["rounds"]) == 3
    for name in ("prefill_tokens_per_s", "decode_tokens_per_s", "first_token_s"):
        values = [each[name] for each in report["rounds"]]
        assert report[name]["least"] == min(values) > 0
        assert report[name]["most"] == max(values)
        assert report[name]["median"] == sorted(values)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers come from /proc")
def test_the_worker_is_watched(report: dict[str, Any]) -> None:
    assert report["peak_memory_bytes"] > 10 * 2**20
    for each in report["rounds"]:
        assert 0 <= each["cores"] <= (os.cpu_count() or 1) + 1
        assert 0 <= each["waiting"] <= 1
    assert 0 <= report["disturbed_rounds"] <= 3


def test_the_device_is_the_one_that_ran(report: dict[str, Any]) -> None:
    assert report["device"]["provider"] == "cpu"
    (placement,) = report["placements"]
    assert placement["provider"] == "CPUExecutionProvider"
    assert placement["nodes"] == sum(placement["operators"].values()) > 20


def test_drafts_are_verified_dearer_the_longer(report: dict[str, Any]) -> None:
    found = report["verification"]
    assert [each["tokens"] for each in found] == [1, 2, 3, 4, 5, 6, 8, 12, 16]
    assert found[0]["cost"] == 1.0
    for each in found:
        assert each["cost"] == pytest.approx(each["seconds"] / found[0]["seconds"])
        assert each["seconds"] > 0


def test_answers_side_by_side_share_the_model(report: dict[str, Any]) -> None:
    assert [each["rows"] for each in report["batches"]][:2] == [2, 4]
    for each in report["batches"]:
        alone = report["decode_tokens_per_s"]["median"]
        assert each["tokens_per_s"] > 0
        assert each["gain"] == pytest.approx(each["tokens_per_s"] / alone)


def test_the_roof_counts_the_weights_and_the_context(report: dict[str, Any]) -> None:
    roof = report["roof"]
    file = paths.built_in_model() / "model.onnx"
    assert 0.5 * file.stat().st_size < roof["bytes_per_token"] < 2 * file.stat().st_size
    assert roof["read_bytes_per_s"] > 1e8
    seconds = roof["bytes_per_token"] / roof["read_bytes_per_s"]
    assert roof["fraction"] == pytest.approx(seconds * report["decode_tokens_per_s"]["median"])


def test_only_the_time_counts_in_which_all_answers_grow() -> None:
    first, second = [0.0, 1.0, 2.0, 3.0], [2.0, 2.5, 3.0, 3.5, 4.0]
    assert overlapping_rate([first, second]) == pytest.approx(3 / 1.0)
    assert overlapping_rate([[0.0, 1.0], [2.0, 3.0]]) == 0.0
    assert overlapping_rate([[0.0], []]) == 0.0


def test_a_size_that_does_not_fit_is_refused(program: Program, bare_model: Any) -> None:
    result = program.run("bench", "--model", str(bare_model), "--prompt-tokens", "600")
    assert result.status == 1
    assert "600" in result.err
    assert result.out == ""


def test_the_lines_name_model_and_size(program: Program, bare_model: Any) -> None:
    result = program.run("bench", "--model", str(bare_model), *SIZE[:4], "--rounds", "1")
    assert result.status == 0
    assert result.out.startswith("bare on CPUExecutionProvider: 48 prompt tokens, 16 generated")
    assert "decode" in result.out


def test_a_spread_is_the_middle_and_the_ends() -> None:
    found = spread([3.0, 1.0, 2.0])
    assert (found.median, found.least, found.most) == (2.0, 1.0, 3.0)


def test_a_process_that_is_not_there_has_no_numbers() -> None:
    assert process_stats(2**22 + 1) == ProcessStats(None, None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers come from /proc")
def test_the_numbers_of_a_process_are_its_own() -> None:
    before = process_stats(os.getpid())
    sum(range(3_000_000))
    after = process_stats(os.getpid())
    assert before.cpu_s is not None
    assert after.cpu_s is not None
    assert after.cpu_s >= before.cpu_s > 0
    assert (after.peak_bytes or 0) > 2**20
