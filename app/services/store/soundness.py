"""Whether a file of chats is sound; an index that is not is made again from the texts."""

import apsw

from app.services.store import m002_search
from app.services.store.connection import transaction

INDEXES = ("message_words", "chat_words")
# One by one: a check of the whole file also compares each index with all texts, for seconds.
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"


def check(connection: apsw.Connection) -> None:
    """Make sure that everything can be read.

    Raises:
        apsw.CorruptError: it cannot, and not only the search is damaged.
    """
    names = ["sqlite_schema", *(name for (name,) in connection.execute(TABLES))]
    damaged = [name for name in names if not _is_sound(connection, name)]
    if any(not name.startswith(INDEXES) for name in damaged):
        raise apsw.CorruptError(f"Damaged: {', '.join(damaged)}")
    if damaged:
        _index_again(connection)


def _is_sound(connection: apsw.Connection, table: str) -> bool:
    return connection.execute(f"PRAGMA quick_check('{table}')").get == "ok"


def _index_again(connection: apsw.Connection) -> None:
    with transaction(connection):
        connection.execute(m002_search.BACKFILL)
