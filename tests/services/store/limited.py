"""A file of chats on a disk with little room, which can be given more."""

from pathlib import Path

import apsw

from app.services.store.connection import connect

PLENTY = 2**30


class SmallDisk:
    """Opens files for a `ChatFile`; SQLite itself says that they are full."""

    def __init__(self) -> None:
        self._connection: apsw.Connection | None = None

    def connect(self, path: Path) -> apsw.Connection:
        self._connection = connect(path)
        return self._connection

    def fill(self) -> None:
        """Leave no room; to be called while nothing is being written."""
        self._limit(1)

    def free(self) -> None:
        """Make room again."""
        self._limit(PLENTY)

    def _limit(self, pages: int) -> None:
        assert self._connection
        self._connection.pragma("max_page_count", pages)
