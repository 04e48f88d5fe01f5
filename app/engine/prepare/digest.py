"""The digest of a model's files, remembered by their sizes and times so that it is worked out once
and not at every start."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from onnx import ModelProto, TensorProto

from app.engine.files import graph

_BLOCK = 8 * 1024 * 1024
OnBytes = Callable[[int, int], None]


def model_files(file: Path, model: ModelProto) -> list[Path]:
    """The graph's own file and every file that its weights lie in."""
    names = {
        entry.value
        for tensor in graph.tensors(model)
        if tensor.data_location == TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [file, *(file.parent / name for name in sorted(names))]


class Digests:
    """Digests of files, kept in one small JSON file.

    A file whose size and time of change are as remembered is taken to have the same content.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory

    def remembered(self, files: Sequence[Path]) -> str | None:
        """The digest of unchanged files; None where one is new or has changed."""
        known = self._read()
        stamps = [_stamp(file) for file in files]
        return _joined(known[each] for each in stamps) if known.keys() >= set(stamps) else None

    def of(self, files: Sequence[Path], on_bytes: OnBytes) -> str:
        """The digest, worked out where it is not known; `on_bytes` gets bytes done and total."""
        known, done = self._read(), 0
        total = sum(file.stat().st_size for file in files)
        for file in files:
            stamp = _stamp(file)
            if stamp not in known:
                start = done
                known[stamp] = _content(file, lambda count, at=start: on_bytes(at + count, total))
            done += file.stat().st_size
        self._write(known)
        return _joined(known[_stamp(file)] for file in files)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # nothing is lost: digests are worked out again
        return found if isinstance(found, dict) else {}

    def _write(self, known: dict[str, str]) -> None:
        draft = self._memory.with_suffix(".new")
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(self._memory)


def content_digest(file: Path) -> str:
    """The digest of one file's content."""
    return _content(file, lambda count: None)


def _stamp(file: Path) -> str:
    stat = file.stat()
    return f"{file.absolute()}|{stat.st_size}|{stat.st_mtime_ns}"


def _content(file: Path, on_count: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            done += len(block)
            on_count(done)
    return digest.hexdigest()


def _joined(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()
