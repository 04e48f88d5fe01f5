"""Folders of onnxruntime-genai: each genai_config.json of a repository is one variant."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path, PureWindowsPath
from typing import Any

from app.domain.models import Layout
from app.engine.files import checked
from app.engine.layouts.variant import ENCODER_DECODER, Variant
from app.errors import ModelDamaged, ModelUnsupported

CONFIG = "genai_config.json"
_DEPTHS = ("", "*/", "*/*/", "*/*/*/")  # deeper folders are no part of a model
_PACKAGE = "manifest.json"
_COMPILED_FOR = {
    "qnn": "a Qualcomm processor (QNN)",
    "openvino": "Intel's OpenVINO",
    "vitisai": "an AMD neural processor (Vitis AI)",
    "ryzenai": "an AMD neural processor (Ryzen AI)",
    "nvtensorrtrtx": "TensorRT for RTX",
}


def genai_variants(root: Path) -> list[Variant]:
    """The variants of a folder and the folders below it.

    Raises:
        ModelDamaged: a config names no file of its folder.
        ModelUnsupported: the folder is a package that holds no such config, or one is a link out
            of it.
    """
    configs = list(chain.from_iterable(sorted(root.glob(f"{depth}{CONFIG}")) for depth in _DEPTHS))
    if not configs and (root / _PACKAGE).is_file() and not any(root.rglob("*.onnx")):
        raise ModelUnsupported(
            "This is a model package (manifest.json) without a genai_config.json, which Candor "
            "does not unpack.",
            "Choose one of its parts, a folder that holds a genai_config.json.",
        )
    return [_variant(config, root) for config in configs]


def _variant(config: Path, root: Path) -> Variant:
    checked.require_own(config, root)
    model = _section(checked.read_json(config), "model")
    decoder = _section(model, "decoder")
    file = _beside(config, decoder.get("filename", "model.onnx"))
    embedding = _section(model, "embedding").get("filename")
    folder = config.parent.relative_to(root).as_posix()
    return Variant(
        file.stem if folder == "." else folder,
        Layout.GENAI,
        file,
        embedder=_beside(config, embedding) if embedding is not None else None,
        refusal=next(_refusals(model, decoder), None),
    )


def _refusals(model: Mapping[str, Any], decoder: Mapping[str, Any]) -> Iterator[str]:
    options = _section(decoder, "session_options")
    if decoder.get("pipeline"):
        yield "This model is a pipeline of several decoders in a row, which Candor does not run."
    if _section(model, "encoder"):
        yield ENCODER_DECODER
    if library := options.get("custom_ops_library"):
        yield f'This model loads a library of operators ("{library}"), which Candor does not do.'
    for device in _devices(options):
        if place := _COMPILED_FOR.get(device.replace("_", "").replace("-", "").lower()):
            yield f"This variant was made for {place} and cannot run here."


def _devices(options: Mapping[str, Any]) -> Iterator[str]:
    given = options.get("provider_options")
    for each in given if isinstance(given, list) else ():
        yield from each if isinstance(each, dict) else ()


def _beside(config: Path, name: object) -> Path:
    """A file that a config names; it lies in the same folder."""
    if not isinstance(name, str) or PureWindowsPath(name).name != name:
        raise ModelDamaged(f'{CONFIG} names no file of its folder: "{name}".')
    return config.parent / name


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}
