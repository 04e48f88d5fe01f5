"""Looks at a model's files before anything opens them: are they there, whole, and what they claim
to be? Gives parsed JSON and the parsed graph without its external weights."""

import json
import math
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, external_data_helper, helper

from app.engine.files import graph, soundness
from app.errors import ModelDamaged, ModelUnsupported

_AGAIN = "Download the model again."
_LFS = b"version https://git-lfs"
_HEAD_BYTES = 512
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
_TWO_PER_BYTE = (TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1)
_JSON_BYTES = 256 * 1024 * 1024


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, or an empty one where there is no file.

    Raises:
        ModelDamaged: the file is a stand-in, too long, or no JSON object.
    """
    if not path.is_file():
        return {}
    _check_head(path)
    if path.stat().st_size > _JSON_BYTES:
        raise ModelDamaged(f"{path.name} is too long for a file of its kind.", _AGAIN)
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = json.loads(text)
        if _HALF_CHARACTER.search(text):
            json.dumps(found, ensure_ascii=False).encode()  # fails where the other half is missing
    except (ValueError, RecursionError) as error:
        raise ModelDamaged(f"{path.name} is not valid JSON.", _AGAIN) from error
    if not isinstance(found, dict):
        raise ModelDamaged(f"{path.name} does not hold a JSON object.", _AGAIN)
    return found


def read_graph(path: Path) -> ModelProto:
    """The model in an .onnx file, its external weights checked but not read.

    Raises:
        ModelDamaged: the file or one of its weight files is missing, cut short or something else,
            or the graph is damaged inside.
    """
    if not path.is_file():
        raise ModelDamaged(f"The model file {path.name} is missing.", _AGAIN)
    _check_head(path)
    try:
        model = onnx.load(str(path), format="protobuf", load_external_data=False)
    except DecodeError as error:
        size = path.stat().st_size
        raise ModelDamaged(
            f"{path.name} ({size:,} bytes) is cut short or is not an ONNX model.", _AGAIN
        ) from error
    soundness.check(model)
    _check_externals(model, path.parent)
    return model


def require_own(file: Path, root: Path) -> None:
    """Refuse a file of the model in folder `root` that really lies somewhere else.

    Raises:
        ModelUnsupported: it is a link out of the folder.
    """
    if not any(file.resolve().is_relative_to(home) for home in _homes(root)):
        raise ModelUnsupported(
            f"{file.name} is a link out of the model's folder.",
            "Put the file itself into the folder.",
        )


def _check_head(path: Path) -> None:
    """Refuse what download tools leave in place of a file."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise ModelDamaged(f"{path.name} is empty.", _AGAIN)
    if head.startswith(_LFS):
        raise ModelDamaged(
            f"{path.name} is a Git LFS pointer, not the file itself.",
            "Fetch the real file with `git lfs pull`, or download the model again.",
        )
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise ModelDamaged(f"{path.name} is a web page, not a model file.", _AGAIN)


def _check_externals(model: ModelProto, folder: Path) -> None:
    """Look at each weight file once; hundreds of weights lie in it."""
    files: dict[str, Path] = {}
    for tensor in graph.tensors(model):
        if external_data_helper.uses_external_data(tensor):
            fields = {entry.key: entry.value for entry in tensor.external_data}
            location = fields.get("location", "")
            if location not in files:
                files[location] = _inside(location, folder)
            _check_external(tensor, fields, files[location])


def _check_external(tensor: TensorProto, fields: dict[str, str], file: Path) -> None:
    offset, length = _extent(tensor, fields)
    size = file.stat().st_size
    if offset + length > size:
        _check_head(file)
        raise ModelDamaged(
            f"The weight file {fields['location']} is cut short: it has {size:,} bytes of at least "
            f"{offset + length:,}.",
            _AGAIN,
        )


def _inside(location: str, folder: Path) -> Path:
    """The weight file, which must be a regular file below the model's folder."""
    # Both kinds of path are read, so that a folder is judged alike on every system.
    parts = {*PurePosixPath(location).parts, *PureWindowsPath(location).parts}
    absolute = PurePosixPath(location).is_absolute() or PureWindowsPath(location).anchor
    if not location or absolute or ".." in parts:
        raise ModelUnsupported(
            f'The model wants weights from outside its folder ("{location}").',
            "Do not use this model unless you trust its source.",
        )
    file = folder / location
    if not file.is_file():
        raise ModelDamaged(f"The weight file {location} is missing.", _AGAIN)
    if not any(file.resolve().is_relative_to(home) for home in _homes(folder)):
        raise ModelUnsupported(
            f"The weight file {location} is a link out of the model's folder.",
            "Put the file itself into the folder.",
        )
    if file.stat().st_nlink > 1:
        raise ModelUnsupported(
            f"The weight file {location} has a second name elsewhere on this disk (a hard link), "
            "so it may not be the model's own.",
            "Put a copy of the file into the folder.",
        )
    return file


def _homes(folder: Path) -> tuple[Path, ...]:
    """Where weights may really lie: the folder, and the blobs of a Hub cache it is a view of."""
    blobs = [
        parent.parent / "blobs"
        for parent in folder.absolute().parents
        if parent.name == "snapshots"
    ]
    return (folder.resolve(), *(blob.resolve() for blob in blobs))


def _extent(tensor: TensorProto, fields: dict[str, str]) -> tuple[int, int]:
    """First byte and number of bytes that the tensor takes in its file."""
    try:
        offset = int(fields.get("offset", "0"))
        length = int(fields["length"]) if "length" in fields else _stored_bytes(tensor)
    except (ValueError, KeyError) as error:
        raise ModelDamaged(
            f"The place of the weight {tensor.name} is unreadable.", _AGAIN
        ) from error
    if offset < 0 or length < 0:
        raise ModelDamaged(f"The place of the weight {tensor.name} is negative.", _AGAIN)
    return offset, length


def _stored_bytes(tensor: TensorProto) -> int:
    """The bytes of the values, for the tensors whose entry does not say."""
    count = math.prod(tensor.dims)
    if tensor.data_type in _TWO_PER_BYTE:
        return -(-count // 2)
    return count * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
