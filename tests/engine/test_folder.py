"""Finding models and their variants by what a folder holds."""

import json
from pathlib import Path

import pytest

from app.domain.models import Layout
from app.engine.folder import find_model
from app.errors import InvalidRequest, ModelDamaged, ModelNotFound


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        is_config = path.name == "genai_config.json"
        path.write_text(json.dumps({"model": {"decoder": {}}}) if is_config else "{}")
    return root


@pytest.mark.parametrize(
    ("names", "layout", "chosen", "variants"),
    [
        (["model.onnx", "config.json"], Layout.OPTIMUM, "fp32", {"fp32"}),
        (["model.onnx", "model_quantized.onnx"], Layout.OPTIMUM, "q8", {"fp32", "q8"}),
        (["decoder_model_merged.onnx"], Layout.OPTIMUM, "fp32", {"fp32"}),
        (
            ["onnx/model.onnx", "onnx/model_q4.onnx", "onnx/model_q4f16.onnx", "config.json"],
            Layout.TRANSFORMERS_JS,
            "q4",
            {"fp32", "q4", "q4f16"},
        ),
        (["genai_config.json", "model.onnx"], Layout.GENAI, "model", {"model"}),
        (
            ["cpu_and_mobile/cpu-int4/genai_config.json", "gpu/gpu-int4/genai_config.json"],
            Layout.GENAI,
            "cpu_and_mobile/cpu-int4",
            {"cpu_and_mobile/cpu-int4", "gpu/gpu-int4"},
        ),
        (
            ["onnx/model_fp16.onnx", "onnxruntime/cpu/int4/genai_config.json"],
            Layout.GENAI,
            "onnxruntime/cpu/int4",
            {"fp16", "onnxruntime/cpu/int4"},
        ),
        (["onnx/story.onnx"], Layout.SINGLE, "story", {"story"}),
        (["tinystories.onnx"], Layout.SINGLE, "tinystories", {"tinystories"}),
    ],
)
def test_a_layout_is_known_by_its_files(
    tmp_path: Path, names: list[str], layout: Layout, chosen: str, variants: set[str]
) -> None:
    found = find_model(make(tmp_path / "some model", *names), None)
    assert found.chosen.layout is layout
    assert found.chosen.name == chosen
    assert {each.name for each in found.variants} == variants
    assert found.name == "some model"


def test_a_variant_is_chosen_by_name(tmp_path: Path) -> None:
    make(tmp_path, "onnx/model.onnx", "onnx/model_q4.onnx")
    assert find_model(tmp_path, "fp32").chosen.file == tmp_path / "onnx" / "model.onnx"
    with pytest.raises(InvalidRequest, match=r'no variant "q5".*It has: fp32, q4'):
        find_model(tmp_path, "q5")


def test_a_file_stands_for_its_variant(tmp_path: Path) -> None:
    make(tmp_path, "onnx/model.onnx", "onnx/model_q4.onnx", "config.json")
    file = tmp_path / "onnx" / "model.onnx"
    found = find_model(file, None)
    assert (found.chosen.name, found.root) == ("fp32", tmp_path)
    assert find_model(file, "fp32").chosen.file == file
    with pytest.raises(InvalidRequest, match=r'model\.onnx is the variant "fp32", not "q4"'):
        find_model(file, "q4")


def test_a_lone_file_is_a_model(tmp_path: Path) -> None:
    make(tmp_path, "model.onnx", "mine.onnx")
    found = find_model(tmp_path / "mine.onnx", None)
    assert (found.chosen.layout, found.chosen.name) == (Layout.SINGLE, "mine")


def test_a_relative_path_means_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "onnx/model_q4.onnx", "config.json")
    monkeypatch.chdir(tmp_path / "onnx")
    found = find_model(Path("model_q4.onnx"), None)
    assert (found.chosen.layout, found.chosen.name) == (Layout.TRANSFORMERS_JS, "q4")
    assert found.find("config.json") == tmp_path / "config.json"


def test_side_files_are_looked_for_upwards_to_the_root_only(tmp_path: Path) -> None:
    make(tmp_path, "tokenizer.json", "repo/onnx/model.onnx", "repo/config.json")
    found = find_model(tmp_path / "repo", None)
    assert found.find("config.json") == tmp_path / "repo" / "config.json"
    assert found.find("tokenizer.json") is None
    make(tmp_path, "repo/onnx/config.json")
    assert found.find("config.json") == tmp_path / "repo" / "onnx" / "config.json"


def test_places_without_a_model_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"no folder or file .*nowhere"):
        find_model(tmp_path / "nowhere", None)
    with pytest.raises(ModelNotFound, match="no ONNX model in"):
        find_model(make(tmp_path / "empty", "config.json"), None)
    with pytest.raises(ModelNotFound, match=r"notes\.txt is not an \.onnx file"):
        find_model(make(tmp_path, "notes.txt") / "notes.txt", None)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/model.onnx", "a\\b.onnx", 7])
def test_a_genai_config_names_only_files_of_its_folder(tmp_path: Path, name: object) -> None:
    config = {"model": {"decoder": {"filename": name}}}
    (tmp_path / "genai_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelDamaged, match="names no file of its folder"):
        find_model(tmp_path, None)
