"""The file of chats as one thread works with it: opened, written, read and closed.

In: nodes of message trees. Out: chats. What cannot be written now waits here, in memory, and goes
into the file with the first write that succeeds.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import apsw
import msgspec

from app.domain.chats import ChatSummary, Node, StoredChat
from app.errors import StoreUnavailable
from app.services.store import chats, messages
from app.services.store.connection import connect, transaction
from app.services.store.schema import migrate

Connect = Callable[[Path], apsw.Connection]

DAMAGED = (apsw.CorruptError, apsw.NotADBError)
UNREADABLE = (ValueError, msgspec.MsgspecError, KeyError, StopIteration)
STAYS = "The chat goes on, in memory only."

_log = logging.getLogger(__name__)


class ChatFile:
    """All methods but the first belong to one thread."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self._path = path
        self._connect = connect
        self._connection: apsw.Connection | None = None
        self._refusal = StoreUnavailable("The chats are not open.")
        self._unwritten: dict[int, tuple[int, Node]] = {}

    def open(self) -> Path | None:
        """Open the file, or a new one in place of a damaged one; return where that is kept.

        Raises:
            StoreUnavailable: chats can be neither stored nor read.
        """
        try:
            with _explained():
                return self._open_or_replace()
        except StoreUnavailable as error:
            self._refusal = error
            raise

    def highest_ids(self) -> tuple[int, int]:
        """The highest ids of a chat and of a message, 0 where there is none."""
        with _explained():
            return chats.highest_ids(self._opened())

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> None:
        """Write turns, and those that could not be written before, in one transaction.

        Raises:
            StoreUnavailable: they could not be written; they wait for the next time.
        """
        self._unwritten |= {node.turn.id: (chat_id, node) for node in nodes}
        with _explained(), transaction(connection := self._opened()):
            for _, (chat, node) in sorted(self._unwritten.items()):
                chats.keep(connection, chat, node)
        self._unwritten.clear()

    def summaries(self) -> tuple[ChatSummary, ...]:
        """Every chat, the one that was written in last first."""
        with _explained():
            return chats.summaries(self._opened())

    def read(self, summary: ChatSummary) -> StoredChat:
        """What a chat holds."""
        with _explained():
            return chats.read(self._opened(), summary)

    def point(self, chat_id: int, leaf: int) -> None:
        """Let a chat end in another of its messages."""
        with _explained(), transaction(connection := self._opened()):
            chats.point(connection, chat_id, leaf)

    def close(self) -> None:
        """Write what still waits, if that can be done now, and let the file go."""
        if self._connection is None:
            return
        try:
            self.keep(0, ())
        except StoreUnavailable:
            _log.warning("%d messages could not be stored.", len(self._unwritten))
        self._connection.close()
        self._connection = None

    def _opened(self) -> apsw.Connection:
        if self._connection is None:
            raise StoreUnavailable(self._refusal.message, self._refusal.hint)
        return self._connection

    def _open_or_replace(self) -> Path | None:
        try:
            self._open()
        except DAMAGED:
            aside = self._move_aside()
            self._open()
            return aside
        return None

    def _open(self) -> None:
        connection = self._connect(self._path)
        try:
            _check(connection)
            migrate(connection)
            with transaction(connection):
                messages.interrupt_open(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _move_aside(self) -> Path:
        """Rename the file and what SQLite keeps beside it; nothing is deleted."""
        now = datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.stem}-damaged-{now}{self._path.suffix}")
        for suffix in ("-wal", "-shm", ""):
            part = Path(f"{self._path}{suffix}")
            if part.exists():
                part.rename(f"{aside}{suffix}")
        _log.info("A damaged file of chats was moved aside.")
        return aside


def _check(connection: apsw.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").get
    if found != "ok":
        raise apsw.CorruptError(found)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what SQLite and the system say into a sentence for a person."""
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
