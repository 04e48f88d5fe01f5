"""Log files of every process of Candor: what happened and where, never what was written.

The parent process owns the file; a worker's standard error reaches it line by line. Files are
private to the person, rotated by size, and control characters are escaped so that no text can
forge a line or command a terminal.
"""

import logging
import os
import re
import sys
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app import paths
from app.errors import EnvironmentFault

MAX_BYTES = 2**20
KEPT_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
WORKER_FORMAT = "%(levelname)s %(name)s: %(message)s"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure(name: str) -> Path:
    """Log this process, and its workers, into `name`.log of the log folder; return its path."""
    path = paths.logs() / f"{name}.log"
    _install(_PrivateFile(path), FORMAT)
    return path


def configure_worker() -> None:
    """Log a worker to its standard error, which its parent puts into a file."""
    _install(logging.StreamHandler(sys.stderr), WORKER_FORMAT)


def worker_level(line: str) -> int:
    """The level of a line that a worker wrote; what its libraries print is just information."""
    return logging.getLevelNamesMapping().get(line.partition(" ")[0], logging.INFO)


def escape(text: str) -> str:
    """The text in one line, control characters as `\\x1b` and the like."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def outline(error: BaseException) -> str:
    """Where and as what an error arose, causes first, without messages.

    A message may quote what a person wrote; only those of the operating system and of ONNX
    Runtime, which cannot, are kept.
    """
    cause = error.__cause__ or error.__context__
    before = f"{outline(cause)}\nwhich led to\n" if cause else ""
    stack = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}{stack}{_kind(error)}"


def _kind(error: BaseException) -> str:
    kind = type(error)
    named = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, OSError) or kind.__module__.startswith("onnxruntime"):
        return f"{named}: {error}"
    return named


def _install(handler: logging.Handler, form: str) -> None:
    handler.setFormatter(_Formatter(form))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("app").setLevel(logging.INFO)


class _Formatter(logging.Formatter):
    """One line per message; a stack follows on indented lines."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have written the messages into it
        lines = super().format(record).split("\n")
        return "\n    ".join(escape(line) for line in lines)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        error = ei[1] if isinstance(ei, tuple) else None
        return outline(error) if isinstance(error, BaseException) else ""


class _PrivateFile(RotatingFileHandler):
    """A rotated file that only its owner can read; a log that fails never stops the program."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
        )
        self.rotator = _rotate

    def _open(self) -> TextIOWrapper:
        paths.make_private(Path(self.baseFilename).parent)
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say once on standard error that the log cannot be written, then stay silent."""
        logging.getLogger().removeHandler(self)
        print(f"candor: {_trouble(Path(self.baseFilename).parent)}", file=sys.stderr)  # noqa: T201


def _trouble(folder: Path) -> EnvironmentFault:
    """Why nothing is logged, and what to do; to be called where an error is being handled."""
    blocked = next((each for each in (folder, *folder.parents) if each.is_file()), None)
    if blocked is not None:
        said = f"{blocked} is a file, but the folder of the log should be there."
        return EnvironmentFault(f"The log cannot be written: {said}", "Move or rename that file.")
    error = sys.exc_info()[1]
    reason = error.strerror if isinstance(error, OSError) else None
    message = f"The log cannot be written to {folder}: {reason or error}."
    return EnvironmentFault(message, "See that the folder can be written and the disk has room.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _rotate(source: str, target: str) -> None:
    """Rename; where another process holds the file (Windows), go on appending to it."""
    try:
        os.replace(source, target)  # noqa: PTH105 - names come as text
    except PermissionError:
        return
