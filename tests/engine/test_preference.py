"""Which variant is taken where nobody chose one, by provider."""

from pathlib import Path

import pytest

from app.domain.requests import Provider
from app.engine.files import preference
from app.engine.files.folder import find_model

TRANSFORMERS_JS = ("", "_fp16", "_int8", "_quantized", "_q4", "_q4f16", "_bnb4", "_uint8")
GENAI = ("cpu-int4-rtn-block-32", "cuda-fp16", "cuda-int4-rtn-block-32", "directml-int4-awq")


def chosen(root: Path, provider: Provider) -> str:
    return find_model(root, None, provider).chosen.name


def weights(root: Path, *suffixes: str) -> Path:
    (root / "onnx").mkdir(exist_ok=True)
    for suffix in suffixes:
        (root / "onnx" / f"model{suffix}.onnx").touch()
    return root


@pytest.mark.parametrize(
    ("provider", "order"),
    [
        (Provider.CPU, ["q4", "q8", "int8", "uint8", "fp32", "q4f16", "fp16", "bnb4"]),
        (Provider.CUDA, ["q4f16", "fp16", "q4", "bnb4", "fp32", "q8", "int8", "uint8"]),
        (Provider.DIRECTML, ["fp16", "q4f16", "q4", "fp32"]),
    ],
)
def test_the_next_best_follows(tmp_path: Path, provider: Provider, order: list[str]) -> None:
    folder = weights(tmp_path, *TRANSFORMERS_JS)
    for name in order:
        found = find_model(folder, None, provider).chosen
        assert found.name == name
        found.file.unlink()


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (Provider.CPU, "cpu-int4-rtn-block-32"),
        (Provider.CUDA, "cuda-int4-rtn-block-32"),
        (Provider.DIRECTML, "directml-int4-awq"),
    ],
)
def test_folders_are_made_for_a_device(tmp_path: Path, provider: Provider, name: str) -> None:
    for each in GENAI:
        (tmp_path / each).mkdir()
        (tmp_path / each / "genai_config.json").write_text("{}")
    assert chosen(tmp_path, provider) == name


def test_f32_that_does_not_fit_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = weights(tmp_path, "", "_q4f16", "_fp16")
    for part in ("onnx_data", "onnx_data_1"):
        (folder / "onnx" / f"model.{part}").write_bytes(b"0" * 500)
    (folder / "onnx" / "model_fp16.onnx_data").write_bytes(b"0" * 10_000)
    monkeypatch.setattr(preference, "physical_memory", lambda: 1200)
    assert chosen(folder, Provider.CPU) == "fp32"
    monkeypatch.setattr(preference, "physical_memory", lambda: 1199)
    assert chosen(folder, Provider.CPU) == "q4f16"
    assert chosen(folder, Provider.CUDA) == "q4f16"
