"""The settings' file: one JSON object with its version, replaced as a whole or not at all.

Which keys there are is none of its business: values pass through as the JSON they are, so that
what another version of Candor wrote stays.
"""

import errno
import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from app import paths
from app.errors import CandorError, EnvironmentFault

FORMAT = 1
FORMAT_KEY = "format"
LONGEST = 2**20
PRIVATE = 0o600

Values = dict[str, Raw]


class Found(Struct, frozen=True):
    """What the file holds; `trouble` is why that is not all a person chose."""

    values: Values = {}
    trouble: CandorError | None = None


class SettingsFile:
    """The file at `path`; one that could not be read is never written over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._refusal: EnvironmentFault | None = None

    def read(self) -> Found:
        """The values; a file that cannot be used is put aside, and nothing is lost."""
        try:
            content = self._content()
            if content is None:
                return Found()
            values = _decoded(content)
            if values is None:
                return self._aside("damaged", "The file with your settings was damaged.")
            if _format(values) > FORMAT:
                return self._aside("newer", "The settings were written by a newer Candor.")
        except OSError as error:
            self._refusal = _fault("read", error)
            return Found(trouble=self._refusal)
        values.pop(FORMAT_KEY)
        return Found(values)

    def write(self, values: Values) -> None:
        """Put these values in the place of those before, or leave the file as it was.

        Raises:
            EnvironmentFault: they cannot be written.
        """
        if self._refusal is not None:
            raise EnvironmentFault(self._refusal.message, self._refusal.hint)
        whole = {FORMAT_KEY: Raw(msgspec.json.encode(FORMAT)), **values}
        content = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
        try:
            paths.make_private(self._path.parent)
            _replace(self._path, content)
        except OSError as error:
            raise _fault("kept", error) from error

    def _content(self) -> bytes | None:
        try:
            with self._path.open("rb") as file:
                return file.read(LONGEST + 1)
        except FileNotFoundError:
            return None

    def _aside(self, reason: str, message: str) -> Found:
        now = datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.stem}-{reason}-{now}{self._path.suffix}")
        self._path.rename(aside)
        trouble = EnvironmentFault(f"{message} They begin anew.", f"The old file is kept: {aside}")
        return Found(trouble=trouble)


def _decoded(content: bytes) -> Values | None:
    """The values; None where this is no file of settings."""
    if len(content) > LONGEST:
        return None
    try:
        values = msgspec.json.decode(content, type=Values)
        return values if _format(values) >= 1 else None
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError):
        return None


def _format(values: Values) -> int:
    return msgspec.json.decode(values[FORMAT_KEY], type=int)


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file, have it on the disk, and move it there in one step."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk too; Windows has no way to ask for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fault(what: str, error: OSError) -> EnvironmentFault:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason, hint = "the disk is full", "Free some space; the next change keeps them all."
    else:
        reason = error.strerror or str(error)
        hint = "Check the disk and the rights to the profile folder."
    message = f"The settings cannot be {what}: {reason}. They hold until Candor is closed."
    return EnvironmentFault(message, hint)
