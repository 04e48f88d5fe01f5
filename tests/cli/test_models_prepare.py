"""`candor models prepare`: what it prints, that a load then runs the copy, and that it ends."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.engine import graphs
from tests.engine.prepare.small import few_bits
from tests.engine.prepare.spelled import Style, decoder
from tests.engine.reference import Shape

SHAPE = Shape(layers=1)


@pytest.fixture
def spelled_model(tmp_path: Path) -> Path:
    """A folder with spelled-out attention and no tokenizer."""
    return graphs.write_folder(tmp_path / "spelled", decoder(Style(), SHAPE), SHAPE)


def test_the_report_and_the_copy(program: Program, spelled_model: Path) -> None:
    report = program.json("models", "prepare", str(spelled_model))
    assert report["renewed"]
    preparation = report["preparation"]
    assert preparation["precision"] == "exact"
    assert [step["name"] for step in preparation["steps"] if step["applied"]] == [
        "attention fused",
        "rows of unequal length",
        "logits only where wanted",
    ]
    assert 0 < report["exact_deviation"] <= 1e-4
    assert set(report["seconds"]) == {"reading", "proving", "measuring", "storing"}
    folder = Path(report["folder"])
    assert folder.parent == program.home / "prepared"
    assert report["prepared_bytes"] == sum(
        file.stat().st_size for file in folder.iterdir() if file.name != "record.json"
    )
    listed = program.run("models", "prepared")
    assert str(spelled_model / "model.onnx") in listed.out
    assert "the exact graph" in listed.out
    scored = program.json("score", "--model", str(spelled_model), "--ids", "1,2,3,4")
    folder.rename(folder.with_name("aside"))
    alone = program.json("score", "--model", str(spelled_model), "--ids", "1,2,3,4")
    for ours, theirs in zip(scored["tokens"][1:], alone["tokens"][1:], strict=True):
        assert ours["logprob"] == pytest.approx(theirs["logprob"], abs=1e-4)


def test_a_person_reads_the_cost_of_a_fast_graph(program: Program, tmp_path: Path) -> None:
    folder = graphs.write_folder(tmp_path / "packed", few_bits(SHAPE), SHAPE)
    result = program.run("models", "prepare", str(folder), "--precision", "fast")
    assert (result.status, result.err) == (0, "")
    assert "it runs the fast graph." in result.out
    assert "+ 8-bit activations (changes numbers)" in result.out
    assert "nats on average" in result.out
    again = program.run("models", "prepare", str(folder), "--precision", "fast")
    assert "already prepared" in again.out
    scored = program.json("score", "--model", str(folder), "--ids", "1,2,3", "--precision", "fast")
    exact = program.json("score", "--model", str(folder), "--ids", "1,2,3")
    assert scored["tokens"][2]["logprob"] != exact["tokens"][2]["logprob"]


def test_a_cache_of_8_bits_runs_once_it_is_prepared(program: Program, tmp_path: Path) -> None:
    folder = str(graphs.small_model(tmp_path / "grouped", SHAPE))
    scoring = ("score", "--model", folder, "--ids", "1,2,3,4")
    refused = program.run(*scoring, "--kv", "int8")
    assert refused.status == 1
    assert "has not been prepared for a cache of 8 bits" in refused.err
    result = program.run("models", "prepare", folder, "--kv", "int8")
    assert (result.status, result.err) == (0, "")
    assert "it runs the exact graph, with a cache of 8 bits." in result.out
    rounded, whole = program.json(*scoring, "--kv", "int8"), program.json(*scoring)
    assert rounded["tokens"][3]["logprob"] != whole["tokens"][3]["logprob"]
    removed = program.run("models", "prepared", folder, "--remove")
    assert (removed.status, removed.err) == (0, "")
    assert "the exact graph, 8-bit cache; KL divergence" in removed.out
    assert removed.out.splitlines()[-1].endswith(" MB removed.")
    assert program.json("models", "prepared", folder) == {"removed": False, "copies": []}


def test_what_cannot_be_prepared_is_said(program: Program, tmp_path: Path) -> None:
    result = program.run("models", "prepare", str(tmp_path))
    assert result.status == 1
    assert "There is no ONNX model" in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is a signal elsewhere")
def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    program, shape = Program(tmp_path / "home"), Shape(layers=12, vocabulary=60_000)
    folder = graphs.write_folder(tmp_path / "large", few_bits(shape), shape)
    process = program.start("models", "prepare", str(folder))
    while not (program.home / "prepared" / "digests.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, b"")
    assert [each.name for each in (program.home / "prepared").iterdir()] == ["digests.json"]
    assert json.loads((program.home / "prepared" / "digests.json").read_text())
