"""`candor bench`: what it measures, and that every round has the stated size."""

import os
import sys
from typing import Any

import pytest

from app.cli.measure import spread
from app.cli.process_stats import ProcessStats, process_stats
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
