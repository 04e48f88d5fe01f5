"""Finding models and their variants by what a folder holds."""

import json
import re
from pathlib import Path

import pytest

from app.domain.models import Layout
from app.engine.files.folder import find_model
from app.errors import InvalidRequest, ModelDamaged, ModelNotFound, ModelUnsupported

SUFFIXES = {
    "": "fp32",
    "_fp16": "fp16",
    "_int8": "int8",
    "_uint8": "uint8",
    "_quantized": "q8",
    "_q4": "q4",
    "_q4f16": "q4f16",
    "_bnb4": "bnb4",
    "_q2": "q2",
    "_q2f16": "q2f16",
    "_q1": "q1",
    "_q1f16": "q1f16",
}


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
        (
            [f"onnx/model{each}.onnx" for each in SUFFIXES],
            Layout.TRANSFORMERS_JS,
            "q4",
            set(SUFFIXES.values()),
        ),
        (
            [
                "onnx/decoder_model_merged.onnx",
                "onnx/decoder_model_merged_quantized.onnx",
                "onnx/decoder_model.onnx",
                "onnx/decoder_with_past_model.onnx",
            ],
            Layout.TRANSFORMERS_JS,
            "q8",
            {"fp32", "q8"},
        ),
        (
            [
                "onnx/embed_tokens_q4.onnx",
                "onnx/decoder_model_merged_q4.onnx",
                "onnx/vision_encoder_q4.onnx",
            ],
            Layout.TRANSFORMERS_JS,
            "q4",
            {"q4"},
        ),
        (
            [
                "onnx/model_q4f16.onnx",
                "onnxruntime/cpu_and_mobile/cpu-int4-kld-block-128/genai_config.json",
                "onnxruntime/webgpu/webgpu-int4-kld-block-32/genai_config.json",
            ],
            Layout.GENAI,
            "onnxruntime/cpu_and_mobile/cpu-int4-kld-block-128",
            {
                "q4f16",
                "onnxruntime/cpu_and_mobile/cpu-int4-kld-block-128",
                "onnxruntime/webgpu/webgpu-int4-kld-block-32",
            },
        ),
        (["v1/genai_config.json", "inference_model.json"], Layout.GENAI, "v1", {"v1"}),
        (["manifest.json", "cpu/genai_config.json"], Layout.GENAI, "cpu", {"cpu"}),
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


def test_a_split_decoder_brings_its_embeddings_stored_alike_or_in_any_way(tmp_path: Path) -> None:
    make(tmp_path, "onnx/decoder_model_merged_q4.onnx", "onnx/embed_tokens_fp16.onnx")
    fp16 = tmp_path / "onnx" / "embed_tokens_fp16.onnx"
    assert find_model(tmp_path, None).chosen.embedder == fp16
    make(tmp_path, "onnx/embed_tokens_q4.onnx", "onnx/embed_tokens.onnx")
    assert find_model(tmp_path, None).chosen.embedder == fp16.with_stem("embed_tokens_q4")


def test_the_halves_of_a_decoder_go_together(tmp_path: Path) -> None:
    make(tmp_path, "decoder_model_quantized.onnx", "decoder_with_past_model_quantized.onnx")
    chosen = find_model(tmp_path, None).chosen
    assert chosen.name == "q8"
    assert chosen.file == tmp_path / "decoder_with_past_model_quantized.onnx"
    assert chosen.opening == tmp_path / "decoder_model_quantized.onnx"


def genai(folder: Path, **model: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "genai_config.json").write_text(json.dumps({"model": model}))
    return folder


def session(**options: object) -> dict[str, object]:
    return {"decoder": {"session_options": options}}


REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a pipeline": ({"decoder": {"pipeline": [{"first": {}}]}}, "a pipeline of several decoders"),
    "an encoder": ({"encoder": {"filename": "encoder.onnx"}}, "is an encoder-decoder"),
    "a library": (
        session(custom_ops_library="mine.so"),
        'a library of operators ."mine.so',
    ),
    "QNN": (session(provider_options=[{"qnn": {"backend_path": "x"}}]), "Qualcomm processor"),
    "OpenVINO": (session(provider_options=[{"OpenVINO": {}}]), "Intel's OpenVINO"),
    "Vitis": (session(provider_options=[{"VitisAI": {}}]), "AMD neural processor"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_variant_that_cannot_run_says_why_and_is_chosen_last(tmp_path: Path, case: str) -> None:
    model, sentence = REFUSALS[case]
    genai(tmp_path / "cpu", **model)
    alone = find_model(tmp_path, None).chosen
    assert alone.refusal
    assert re.search(sentence, alone.refusal)
    genai(tmp_path / "strange", decoder={})
    assert find_model(tmp_path, None).chosen.name == "strange"


def test_providers_that_any_machine_has_are_no_reason_to_refuse(tmp_path: Path) -> None:
    genai(tmp_path, **session(provider_options=[{"cuda": {}}, {"dml": {}}, {}, "x"]))
    assert find_model(tmp_path, None).chosen.refusal is None


def test_an_encoder_beside_the_decoder_makes_an_encoder_decoder(tmp_path: Path) -> None:
    make(tmp_path, "onnx/decoder_model_merged.onnx", "onnx/encoder_model.onnx")
    assert "encoder-decoder" in str(find_model(tmp_path, None).chosen.refusal)


def test_a_package_without_a_config_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, "manifest.json", "part/weights.bin")
    with pytest.raises(ModelUnsupported, match=r"model package \(manifest.json\)"):
        find_model(tmp_path, None)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/model.onnx", "a\\b.onnx", 7])
def test_a_genai_config_names_only_files_of_its_folder(tmp_path: Path, name: object) -> None:
    config = {"model": {"decoder": {"filename": name}}}
    (tmp_path / "genai_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelDamaged, match="names no file of its folder"):
        find_model(tmp_path, None)
