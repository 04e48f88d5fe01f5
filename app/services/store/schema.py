"""The schema's version and the steps to it: each in one transaction, counted in `user_version`."""

from collections.abc import Sequence

import apsw

from app.errors import StoreUnavailable
from app.services.store import m001_chats, m002_search, m003_origins, m004_drafting
from app.services.store.connection import transaction

MIGRATIONS = (m001_chats.SQL, m002_search.SQL, m003_origins.SQL, m004_drafting.SQL)


def migrate(connection: apsw.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the present schema.

    Raises:
        StoreUnavailable: a newer Candor has written it; nothing was changed.
        apsw.Error: a step failed; the file has the schema of the step before it.
    """
    present = connection.pragma("user_version")
    if present > len(migrations):
        raise StoreUnavailable(
            "A newer version of Candor wrote your chats, so this one leaves them alone.",
            "Until you update, this chat is kept in memory only.",
        )
    for version in range(present, len(migrations)):
        with transaction(connection):
            connection.execute(migrations[version])
            connection.pragma("user_version", version + 1)
