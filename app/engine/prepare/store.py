"""Prepared copies on disk: one folder for each, found by a key that names everything it depends on.

A copy is written beside its place and renamed when it is whole. One that is damaged is taken away
and made anew; the original files are never touched.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from app import paths
from app.domain.preparation import KvCache, Precision, Preparation
from app.engine.prepare.digest import Digests, content_digest
from app.engine.prepare.machine import processor, runtime_version
from app.engine.prepare.recipe import VERSION
from app.errors import DiskFull

GRAPH, WEIGHTS = "model.onnx", "weights.bin"
READING = "reading.onnx"
"""The graph that reads prompts into a cache of 8 bits, with the same weights."""
_RECORD = "record.json"
_UNFINISHED = ".new-"
_ABANDONED = 3600  # seconds after which nobody is still writing a copy
_SPARE = 64 * 1024 * 1024  # bytes that stay free


class _File(Struct, frozen=True):
    """A file of a copy as it was when it was whole."""

    size: int
    changed: int
    digest: str


class Record(Struct, frozen=True):
    """What a copy is: of which model, made by which recipe, and what was measured."""

    model: str
    runtime: str
    processor: str
    recipe: int
    path: str
    exact_deviation: float
    preparation: Preparation
    files: dict[str, _File] = {}

    @property
    def fast_is_small(self) -> bool:
        """Whether the fast graph of this model was measured and costs little."""
        divergence = self.preparation.divergence
        return divergence is not None and divergence.is_small


@dataclass(frozen=True, slots=True)
class Entry:
    """A copy that is whole."""

    folder: Path
    record: Record

    @property
    def graph(self) -> Path:
        """The file to open."""
        return self.folder / GRAPH

    @property
    def reading(self) -> Path | None:
        """The file to read prompts with, where that is another one."""
        return self.folder / READING if READING in self.record.files else None

    @property
    def bytes(self) -> int:
        """What it takes on the disk."""
        return sum(file.size for file in self.record.files.values())


class PreparedStore:
    """The copies below `root`, which is ours alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests = Digests(root / "digests.json")

    def open(self) -> None:
        """Make the folder, and take away what an earlier run left unfinished."""
        paths.make_private(self.root)
        for left in self.root.glob(f"{_UNFINISHED}*"):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)

    def find(self, model: str, precision: Precision, kv: KvCache = KvCache.MODEL) -> Entry | None:
        """The copy of a model by its digest; a damaged one is taken away."""
        folder = self.root / key(model, precision, kv)
        if not folder.is_dir():
            return None
        entry = _whole(folder)
        if entry is None:
            shutil.rmtree(folder, ignore_errors=True)
        return entry

    def best(self, model: str, asked: Precision, *, strict: bool = False) -> Entry | None:
        """The copy that a person's choice means.

        A fast copy serves `auto` only where its cost is small. A `strict` search takes no exact
        copy for `auto` where a fast one could be made.
        """
        fast = None if asked is Precision.EXACT else self.find(model, Precision.FAST)
        if fast and (asked is Precision.FAST or fast.record.fast_is_small):
            return fast
        exact = self.find(model, Precision.EXACT)
        if exact is None or asked is Precision.EXACT:
            return exact
        only = exact.record.preparation.divergence is None
        if asked is Precision.FAST:
            return exact if only else None
        return None if strict and exact.record.fast_is_small else exact

    def rounded(self, model: str, asked: Precision) -> Entry | None:
        """The copy with a cache of 8 bits; `auto` takes either graph."""
        either = (Precision.FAST, Precision.EXACT)
        wanted = either if asked is Precision.AUTO else (asked,)
        found = (self.find(model, each, KvCache.INT8) for each in wanted)
        return next((each for each in found if each), None)

    def folders(self) -> Iterator[tuple[Path, Record | None]]:
        """Every copy with its record, which is None where it cannot be read."""
        for folder in sorted(self.root.glob("*/")):
            if not folder.name.startswith(_UNFINISHED) and not folder.is_symlink():
                yield folder, _read(folder)

    def is_found(self, folder: Path) -> bool:
        """Whether a load on this computer would find the copy in a folder, whole and of now."""
        record = _read(folder)
        return record is not None and folder.name == _key_of(record) and bool(_whole(folder))

    def check_room(self, needed: int) -> None:
        """Refuse to begin what will not fit.

        Raises:
            DiskFull: there is less room than that.
        """
        free = shutil.disk_usage(self.root).free
        if free < needed + _SPARE:
            raise _disk_full(needed, free)

    def put(self, record: Record, make: Callable[[Path], None]) -> Entry:
        """Write a copy: `make` fills an empty folder.

        Raises:
            DiskFull: there is no room for it.
        """
        draft = self.root / f"{_UNFINISHED}{os.getpid()}"
        draft.mkdir(mode=0o700)
        try:
            make(draft)
            whole = msgspec.structs.replace(record, files=_files(draft))
            (draft / _RECORD).write_bytes(msgspec.json.encode(whole))
            place = self.root / _key_of(record)
            shutil.rmtree(place, ignore_errors=True)
            draft.rename(place)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full(0, shutil.disk_usage(self.root).free) from error
            raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._drop_older(whole)
        return Entry(place, whole)

    def moved(self, entry: Entry, path: str) -> None:
        """Note that the model of a copy lies elsewhere now."""
        if entry.record.path != path:
            record = msgspec.structs.replace(entry.record, path=path)
            draft = entry.folder / f"{_UNFINISHED}{_RECORD}"
            draft.write_bytes(msgspec.json.encode(record))
            draft.replace(entry.folder / _RECORD)

    def _drop_older(self, record: Record) -> None:
        """Take away copies of the same model that no key finds any more."""
        for folder in self.root.glob("*/"):
            found = _read(folder)
            if found is None or found.model != record.model:
                continue
            if folder.name != _key_of(found):
                shutil.rmtree(folder, ignore_errors=True)


def _key_of(record: Record) -> str:
    return key(record.model, record.preparation.precision, record.preparation.kv)


def key(model: str, precision: Precision, kv: KvCache) -> str:
    """The folder's name: a digest of all that a copy depends on."""
    parts = (model, runtime_version(), processor(), str(VERSION), precision.value, kv.value)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _whole(folder: Path) -> Entry | None:
    """The copy in a folder, if every file is as it was written."""
    record = _read(folder)
    if record is None or set(record.files) < {GRAPH}:
        return None
    sound = all(_is_sound(folder / name, file) for name, file in record.files.items())
    return Entry(folder, record) if sound else None


def _read(folder: Path) -> Record | None:
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def _files(folder: Path) -> dict[str, _File]:
    found = {}
    for file in sorted(folder.iterdir()):
        stat = file.stat()
        found[file.name] = _File(stat.st_size, stat.st_mtime_ns, content_digest(file))
    return found


def _is_sound(path: Path, file: _File) -> bool:
    """Whether a file is unchanged; its content is read only where its time has changed."""
    try:
        stat = path.stat()
        if stat.st_size != file.size:
            return False
        return stat.st_mtime_ns == file.changed or content_digest(path) == file.digest
    except OSError:
        return False


def _disk_full(needed: int, free: int) -> DiskFull:
    wanted = f"needs {needed / 1e9:.1f} GB and there are" if needed else "does not fit into the"
    return DiskFull(
        f"The disk has no room for a prepared copy: it {wanted} {free / 1e9:.1f} GB left.",
        "Make room, or use the model as it is.",
    )
