"""Texts from files: UTF-8, of a size that can be worked with, and nothing else."""

from pathlib import Path
from typing import BinaryIO

from app.errors import InvalidRequest

MAX_BYTES = 128 * 2**20


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InvalidRequest: it cannot be read, is too large, or is no text.
    """
    name = f"The file {path.name}"
    try:
        with path.open("rb") as stream:
            return decode(stream, name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InvalidRequest(f"{name} cannot be read: {reason or 'not a file name'}.") from error


def decode(stream: BinaryIO, name: str) -> str:
    """What is in an open file, which sentences call `name`.

    Raises:
        InvalidRequest: it is not UTF-8 text, or longer than any model could read.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        most = f"{MAX_BYTES // 2**20} MB"
        raise InvalidRequest(f"{name} is longer than {most}, which no model can read at once.")
    if b"\0" in data:
        raise InvalidRequest(f"{name} holds binary data, not text.", "Choose a text file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(name) from error


def not_utf8(name: str) -> InvalidRequest:
    """Says that something is no text."""
    return InvalidRequest(f"{name} is not UTF-8 text.", "Convert it to UTF-8 and try again.")
