"""A guarded connection: the library that can encrypt, and settings that lose nothing.

In: the file's path. Out: a connection. `apsw` is the module of two packages; the one without
encryption would ignore every key without a word, so nothing is stored through it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from app import paths
from app.errors import StoreUnavailable

BUSY_MS = 2000
SETTINGS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": "on",
    "secure_delete": "on",
}


def connect(path: Path) -> apsw.Connection:
    """Open the file, which only its owner can read, and create it where there is none.

    Raises:
        StoreUnavailable: the library cannot encrypt.
        apsw.Error, OSError: the file cannot be opened or is no database.
    """
    if not hasattr(apsw, "mc_version"):
        raise _no_encryption()
    paths.make_private(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    connection = apsw.Connection(str(path))
    try:
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All that is done within it, or nothing; SQLite may have rolled a failed one back itself."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _set_up(connection: apsw.Connection) -> None:
    if not connection.pragma("cipher"):
        raise _no_encryption()
    connection.set_busy_timeout(BUSY_MS)
    for name, value in SETTINGS.items():
        connection.pragma(name, value)


def _no_encryption() -> StoreUnavailable:
    return StoreUnavailable(
        "The installed SQLite library cannot encrypt, so chats are not stored.",
        "Install apsw-sqlite3mc in place of apsw.",
    )
