"""Whether a file of chats is sound; an index that is not is made again from the texts."""

import apsw

from app.services.store import m002_search
from app.services.store.connection import transaction

INDEXES = ("message_words", "chat_words")
# One by one: a check of the whole file also compares each index with all texts, for seconds.
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
FORGET = "DELETE FROM sqlite_schema WHERE name GLOB 'message_words*' OR name GLOB 'chat_words*'"


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
    try:
        return connection.execute(f"PRAGMA quick_check('{table}')").get == "ok"
    except apsw.CorruptError:  # what the check itself needs is damaged
        return False


def _index_again(connection: apsw.Connection) -> None:
    """A damaged table cannot be emptied, so it is forgotten; its pages go with the VACUUM."""
    with transaction(connection):
        connection.pragma("writable_schema", "on")
        connection.execute(FORGET)
        connection.pragma("writable_schema", "reset")
        connection.execute(m002_search.INDEXES)
    connection.execute("VACUUM")
