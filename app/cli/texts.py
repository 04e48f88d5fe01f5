"""Where a verb's text comes from: an argument, standard input or a file, always UTF-8."""

import sys
from pathlib import Path

from app.cli.visible import visible_line
from app.errors import InvalidRequest
from app.services.text_files import decode, not_utf8

STDIN = "-"


def argument_or_stdin(text: str | None) -> str | None:
    """The argument if there is one, else standard input; None if that is a person's terminal.

    Raises:
        InvalidRequest: the text is not UTF-8, or longer than any model could read.
    """
    if text is None:
        return None if sys.stdin.isatty() else read(STDIN)
    return require_utf8(text, "The prompt")


def require_utf8(text: str, name: str) -> str:
    """The text itself, which reached the program as bytes that Python could not all decode.

    Raises:
        InvalidRequest: it has no encoding.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise not_utf8(name) from error
    return text


def read(file: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        InvalidRequest: it cannot be read, is not UTF-8, or longer than any model could read.
    """
    if file == STDIN:
        return decode(sys.stdin.buffer, "Standard input")
    name = f"The file {visible_line(file)}"
    try:
        with Path(file).open("rb") as stream:
            return decode(stream, name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InvalidRequest(f"{name} cannot be read: {reason or 'not a file name'}.") from error
