"""`candor models inspect`: what it understood of a folder, and its exit status."""

import json
from pathlib import Path

from app import paths
from tests.cli.program import Program
from tests.engine.graphs import grouped, write_folder
from tests.engine.reference import Shape, random_weights

BUILT_IN = str(paths.built_in_model())


def test_the_built_in_model_would_run(program: Program) -> None:
    report = program.json("models", "inspect", BUILT_IN)
    assert report["runs"]
    assert report["refusals"] == []
    assert [each["name"] for each in report["variants"]] == [report["variant"]]
    assert report["text"]["template"]["reasoning_switch"] == "enable_thinking"
    assert [each["text"] for each in report["ends"]] == ["<|endoftext|>", "<|im_end|>"]
    assert report["devices"][0] == {"name": "cpu", "obstacle": ""}


def test_the_forecast_is_that_of_the_graph(program: Program, bare_model: Path) -> None:
    report = program.json("models", "inspect", str(bare_model))
    (states,) = report["graph"]["states"]
    cached = states["count"] * 4
    for size in states["shape"].split(" x "):
        cached *= int(size) if size.isdecimal() else 1
    memory = report["memory"]
    assert memory["cache_per_token"] == cached
    assert memory["cache"] == cached * 512 == cached * report["context_length"]
    stored = sum(each["bytes"] for each in report["graph"]["weights"])
    assert memory["weights"] == stored
    assert 0 <= report["variants"][0]["bytes"] - stored < 30_000
    assert report["text"] is None


def test_a_person_reads_the_same(program: Program) -> None:
    result = program.run("models", "inspect", BUILT_IN)
    assert (result.status, result.err) == (0, "")
    assert '0 "<|endoftext|>", 2 "<|im_end|>"' in result.out
    sampling = "Sampling\n  temperature  0.6\n  top k        20\n  top p        0.95\n\n"
    assert sampling in result.out
    assert result.out.endswith("It would run.\n")


def test_a_refusal_is_told_with_all_else_that_is_known(program: Program, tmp_path: Path) -> None:
    for each in paths.built_in_model().iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    (tmp_path / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "generation_config.json").write_text('{"top_p": 7}')
    result = program.run("models", "inspect", str(tmp_path))
    assert (result.status, result.err) == (1, "")
    assert "Refused: model.onnx is a Git LFS pointer" in result.out
    assert "Refused: The model's generation defaults cannot be used: top_p" in result.out
    assert "enable_thinking" in result.out


def test_a_place_without_a_model_is_a_failure(program: Program, tmp_path: Path) -> None:
    result = program.run("models", "inspect", str(tmp_path))
    assert (result.status, result.out) == (1, "")
    assert "There is no ONNX model in" in result.err


def test_every_variant_is_listed_with_its_size_or_its_refusal(
    program: Program, tmp_path: Path
) -> None:
    shape = Shape(context=64)
    graph = grouped(shape, random_weights(shape))
    write_folder(tmp_path, graph, shape, file="onnx/model.onnx")
    write_folder(tmp_path, graph, shape, file="onnx/model_q4.onnx", external_data="model_q4.data")
    (tmp_path / "npu").mkdir()
    options = {"provider_options": [{"qnn": {}}]}
    write_folder(tmp_path, graph, shape, file="onnx/model_fp16.onnx", external_data="half.data")
    (tmp_path / "onnx" / "half.data").unlink()
    (tmp_path / "onnx" / "model_int8.onnx").write_bytes(b"no model")
    config = {"model": {"decoder": {"session_options": options}}}
    (tmp_path / "npu" / "genai_config.json").write_text(json.dumps(config))
    report = program.json("models", "inspect", str(tmp_path))
    found = {each["name"]: each for each in report["variants"]}
    assert (report["variant"], report["choice"]) == ("q4", "the best one for a CPU")
    assert "Qualcomm" in found["npu"]["refusal"]
    assert "half.data" in found["fp16"]["refusal"]
    assert "is not an ONNX model" in found["int8"]["refusal"]
    assert found["fp32"]["refusal"] == found["q4"]["refusal"] == ""
    assert found["fp32"]["bytes"] == (tmp_path / "onnx" / "model.onnx").stat().st_size
    refused = program.run("models", "inspect", str(tmp_path), "--variant", "npu")
    assert refused.status == 1
    assert "Refused: " in refused.out
