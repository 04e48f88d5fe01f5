"""Files named `{base}{suffix}.onnx`, as transformers.js and optimum name them: the base says what
the graph is for, the suffix how its weights are stored."""

from pathlib import Path

from app.domain.models import Layout
from app.engine.layouts.variant import ENCODER_DECODER, Variant

_DTYPES = {
    "": "fp32",
    "_fp32": "fp32",
    "_fp16": "fp16",
    "_int8": "int8",
    "_uint8": "uint8",
    "_quantized": "q8",
    "_q8": "q8",
    "_q4": "q4",
    "_q4f16": "q4f16",
    "_bnb4": "bnb4",
    "_q2": "q2",
    "_q2f16": "q2f16",
    "_q1": "q1",
    "_q1f16": "q1f16",
}
# Whole decoders first; the last two are the halves of an older export.
_BASES = ("model", "decoder_model_merged", "decoder_with_past_model", "decoder_model")


def suffixed_variants(folder: Path, layout: Layout) -> list[Variant]:
    """The variants in a folder, each way of storing weights once, by the best base that has it."""
    found: dict[str, Variant] = {}
    for base in _BASES:
        for suffix, name in _DTYPES.items():
            file = folder / f"{base}{suffix}.onnx"
            if name not in found and file.is_file():
                found[name] = _variant(file, name, suffix, layout)
    order = list(dict.fromkeys(_DTYPES.values()))
    return sorted(found.values(), key=lambda each: order.index(each.name))


def _variant(file: Path, name: str, suffix: str, layout: Layout) -> Variant:
    return Variant(
        name,
        layout,
        file,
        embedder=_embedder(file.parent, suffix),
        opening=_opening(file, suffix),
        refusal=ENCODER_DECODER if any(file.parent.glob("encoder_model*.onnx")) else None,
    )


def _embedder(folder: Path, suffix: str) -> Path | None:
    """The graph that makes vectors of ids, stored like the decoder or else in any way."""
    files = (folder / f"embed_tokens{each}.onnx" for each in (suffix, *_DTYPES))
    return next((file for file in files if file.is_file()), None)


def _opening(file: Path, suffix: str) -> Path | None:
    """The first half of an older export, which only the second half needs."""
    if not file.name.startswith("decoder_with_past_model"):
        return None
    return file.parent / f"decoder_model{suffix}.onnx"
