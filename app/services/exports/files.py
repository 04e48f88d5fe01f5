"""Exports as files: which formats there are, and writing one whole or not at all."""

import contextlib
import errno
import os
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from app.domain.chats import WholeChat
from app.domain.texts import ScoredText
from app.errors import DiskFull, EnvironmentFault, InvalidRequest
from app.services.exports.document import encode
from app.services.exports.page import chat_page, text_page
from app.services.exports.table import table


class Format(StrEnum):
    """What an export can be, by the end of its file's name."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Contents(Struct, frozen=True):
    """What is exported; a page holds one chat or one text."""

    chats: tuple[WholeChat, ...] = ()
    texts: tuple[ScoredText, ...] = ()


def format_of(path: Path) -> Format:
    """The format that a file's name asks for.

    Raises:
        InvalidRequest: it asks for none.
    """
    try:
        return Format(path.suffix.lower().removeprefix("."))
    except ValueError as error:
        message = f"{path.name} does not say in what form it shall be."
        raise InvalidRequest(message, "End its name with .json, .csv or .html.") from error


def made(contents: Contents, format: Format) -> bytes:
    """The file's bytes.

    Raises:
        InvalidRequest: a page was asked for of several chats, or of none.
    """
    if format is Format.JSON:
        return encode(contents.chats, contents.texts)
    if format is Format.CSV:
        return table(contents.chats, contents.texts)
    if len(contents.chats) + len(contents.texts) != 1:
        message = "A page shows one chat."
        raise InvalidRequest(message, "Choose one, or export them all as JSON or CSV.")
    return chat_page(contents.chats[0]) if contents.chats else text_page(contents.texts[0])


def write(path: Path, data: bytes) -> None:
    """Put an export in place of what the file held; a failure leaves that as it was.

    Raises:
        DiskFull: there is no room for it.
        EnvironmentFault: it cannot be written for another reason.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise _explained(path, error) from error


def _explained(path: Path, error: OSError) -> EnvironmentFault:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"There is no room for {path.name}.", "Free some space and try again.")
    reason = error.strerror or str(error)
    return EnvironmentFault(f"{path.name} cannot be written: {reason}.", "Choose another folder.")
