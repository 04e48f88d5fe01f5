"""What SQLite and the system say of a file of chats, in a sentence for a person."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw
import msgspec

from app.errors import StoreUnavailable

DAMAGED = (apsw.CorruptError, apsw.NotADBError)
UNREADABLE = (ValueError, msgspec.MsgspecError, KeyError)
STAYS = "The chat goes on, in memory only."


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of the file into `StoreUnavailable`."""
    try:
        yield
    except apsw.FullError as error:
        hint = (
            "Free some space before you close Candor; what waits is stored with your next question."
        )
        raise StoreUnavailable(f"The disk is full. {STAYS}", hint) from error
    except (*DAMAGED, *UNREADABLE) as error:
        hint = "Nothing was deleted. Start Candor again: it checks the file."
        raise StoreUnavailable(f"The file with your chats is damaged. {STAYS}", hint) from error
    except (apsw.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreUnavailable(
            f"Your chats cannot be stored: {reason}. {STAYS}",
            "Check the disk and the rights to the profile folder.",
        ) from error
