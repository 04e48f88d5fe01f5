"""Finds the models in a folder: a path in, the variants it offers and their side files out.

Only names and listings are read here; what a file really holds is for `files` and `contract`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.models import Layout
from app.domain.requests import Provider
from app.engine.files import checked
from app.engine.files.preference import preference
from app.engine.layouts.genai import genai_variants
from app.engine.layouts.suffixed import suffixed_variants
from app.engine.layouts.variant import Variant
from app.errors import InvalidRequest, ModelNotFound


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk with one variant chosen.

    `path` is what was asked for, `root` the folder of the whole model; a variant's own folder may
    lie below it.
    """

    path: Path
    root: Path
    name: str
    variants: tuple[Variant, ...]
    chosen: Variant

    def advice(self, provider: Provider) -> str:
        """What to try in place of the chosen variant, full precision before half."""
        others = [each for each in self.variants if each != self.chosen and not each.refusal]
        if not others:
            return "Download another variant of the model, q4 for instance."
        best = min(others, key=lambda each: (_is_half(each), _rank(each, provider)))
        return f'Try the variant "{best.name}" of this model.'

    def find(self, name: str) -> Path | None:
        """A side file, looked for beside the weights first and then upwards to the root.

        Raises:
            ModelUnsupported: it is a link out of the folder.
        """
        folder = self.chosen.file.parent
        for place in (folder, *folder.parents):
            if (place / name).is_file():
                checked.require_own(place / name, self.root)
                return place / name
            if place == self.root:
                return None
        return None

    def json(self, name: str) -> dict[str, Any]:
        """A side file's JSON object, empty where there is no such file."""
        found = self.find(name)
        return checked.read_json(found) if found else {}


def find_model(path: Path, variant: str | None, provider: Provider = Provider.CPU) -> ModelFolder:
    """The model at `path`, a folder or an .onnx file, with `variant` or what suits `provider`.

    Raises:
        ModelNotFound: there is no ONNX model at this place.
        ModelUnsupported: a file of it is a link out of the folder.
        InvalidRequest: the model has no such variant.
    """
    path = path.absolute()
    if path.is_file():
        return _from_file(path, variant)
    if not path.is_dir():
        raise ModelNotFound(f"There is no folder or file {path}.", "Check the path.")
    variants = _variants(path)
    if not variants:
        raise ModelNotFound(
            f"There is no ONNX model in {path}.",
            "Choose a folder that holds an .onnx file.",
        )
    return _own(ModelFolder(path, path, path.name, variants, _choose(variants, variant, provider)))


def _from_file(path: Path, variant: str | None) -> ModelFolder:
    if path.suffix.lower() != ".onnx":
        raise ModelNotFound(
            f"{path.name} is not an .onnx file.", "Choose an .onnx file or a folder."
        )
    root = path.parent.parent if path.parent.name == "onnx" else path.parent
    variants = _variants(root)
    chosen = next((each for each in variants if each.file == path), None)
    if chosen is None:
        root, chosen = path.parent, Variant(path.stem, Layout.SINGLE, path)
        variants = (chosen,)
    if variant not in (None, chosen.name):
        raise InvalidRequest(
            f'{path.name} is the variant "{chosen.name}", not "{variant}".',
            "Give the model's folder to choose among its variants.",
        )
    return _own(ModelFolder(path, root, root.name, variants, chosen))


def _own(folder: ModelFolder) -> ModelFolder:
    """The folder itself, whose chosen graphs really lie in it."""
    for file in folder.chosen.files:
        checked.require_own(file, folder.root)
    return folder


def _choose(variants: tuple[Variant, ...], wanted: str | None, provider: Provider) -> Variant:
    if wanted is None:
        return min(variants, key=lambda each: _rank(each, provider))
    for each in variants:
        if each.name == wanted:
            return each
    names = ", ".join(each.name for each in variants)
    raise InvalidRequest(f'This model has no variant "{wanted}".', f"It has: {names}.")


def _is_half(variant: Variant) -> bool:
    """Whether a variant computes in f16, as far as its name tells."""
    return "f16" in variant.name or "fp16" in variant.name


def _rank(variant: Variant, provider: Provider) -> tuple[int, ...]:
    return variant.refusal is not None, *preference(variant.name, variant.file, provider)


def _variants(root: Path) -> tuple[Variant, ...]:
    """Every variant of every layout in the folder, each file once."""
    found = [*genai_variants(root), *suffixed_variants(root / "onnx", Layout.TRANSFORMERS_JS)]
    taken = {each.file for each in found}
    found += [each for each in suffixed_variants(root, Layout.OPTIMUM) if each.file not in taken]
    return tuple(found or _single(root) or _single(root / "onnx"))


def _single(root: Path) -> list[Variant]:
    return [Variant(each.stem, Layout.SINGLE, each) for each in sorted(root.glob("*.onnx"))]
