"""The prepared copies on the disk as a person has them: what each takes, and away with them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from app.domain.preparation import PreparedCopy
from app.engine.prepare.store import PreparedStore, Record
from app.errors import InvalidRequest


def list_copies(store: PreparedStore, path: str) -> tuple[PreparedCopy, ...]:
    """The copies of models at or below `path`; all of them where it is empty."""
    return tuple(_copy(store, folder, record) for folder, record in _found(store, path))


def remove_copies(store: PreparedStore, path: str) -> tuple[PreparedCopy, ...]:
    """Delete those copies; returns what they were.

    Raises:
        InvalidRequest: one of them cannot be deleted.
    """
    copies = list_copies(store, path)
    for copy in copies:
        try:
            shutil.rmtree(copy.folder)
        except OSError as error:
            raise InvalidRequest(
                f"{copy.folder} cannot be deleted: {error.strerror or error}.",
                "Close what uses this model, and try again.",
            ) from error
    return copies


def _found(store: PreparedStore, path: str) -> Iterator[tuple[Path, Record | None]]:
    for folder, record in store.folders():
        if not path or (record is not None and Path(record.path).is_relative_to(path)):
            yield folder, record


def _copy(store: PreparedStore, folder: Path, record: Record | None) -> PreparedCopy:
    return PreparedCopy(
        folder=str(folder),
        path=record.path if record else "",
        preparation=record.preparation if record else None,
        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        problem=_problem(store, folder, record),
    )


def _problem(store: PreparedStore, folder: Path, record: Record | None) -> str:
    if record is None:
        return "its record cannot be read"
    if not Path(record.path).is_file():
        return "its model is not there any more"
    return "" if store.is_found(folder) else "it is damaged, or made by another version"
