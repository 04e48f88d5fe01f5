"""The token that a program shows to use the local server: made once, then read from a file."""

import os
import re
import secrets
from pathlib import Path

from app import paths
from app.errors import EnvironmentFault

BYTES = 32
PRIVATE = 0o600
_OPEN_TO_OTHERS = 0o077
_SOUND = re.compile(r"[!-~]{16,512}")


def load_or_make(path: Path) -> str:
    """The token in the file `path`, which is made if it is not there.

    Raises:
        EnvironmentFault: the file cannot be used, others can read it, or it holds no token.
    """
    try:
        if not path.exists():
            _make(path)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no plain text"
        raise EnvironmentFault(f"The token file {path} cannot be used: {reason}.") from error
    if open_to_others(path):
        raise EnvironmentFault(
            f"Other users can read the token file {path}.",
            "Delete it to have a new token made, or make it private (chmod 600).",
        )
    if not _SOUND.fullmatch(token):
        raise EnvironmentFault(
            f"The token file {path} holds no token.",
            "Write at least 16 characters without spaces into it, or delete it.",
        )
    return token


def open_to_others(path: Path) -> bool:
    """Whether other users may read or change the file; Windows keeps profiles private itself."""
    return os.name == "posix" and bool(path.stat().st_mode & _OPEN_TO_OTHERS)


def _make(path: Path) -> None:
    """Write a new token elsewhere and move it there: no other start sees half a file."""
    paths.make_private(path.parent)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(BYTES) + "\n")
    fresh.replace(path)
