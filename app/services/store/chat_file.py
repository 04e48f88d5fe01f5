"""The file of chats as one thread works with it: opened, written, read and closed.

In: nodes of message trees. Out: chats. What cannot be written now waits here, in memory, and goes
into the file with the first write that succeeds.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

import apsw

from app.domain.chats import ChatSummary, Node, SearchHit, StoredChat, WholeChat
from app.domain.conversation import Turn
from app.errors import StoreUnavailable
from app.services.store import chats, messages, search, soundness
from app.services.store.connection import connect, transaction
from app.services.store.explanation import DAMAGED, explained
from app.services.store.schema import migrate

Connect = Callable[[Path], apsw.Connection]

_log = logging.getLogger(__name__)


class ChatFile:
    """All methods but the first belong to one thread; each may raise `StoreUnavailable`."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self._path = path
        self._connect = connect
        self._connection: apsw.Connection | None = None
        self._refusal = StoreUnavailable("The chats are not open.")
        self._unwritten: dict[int, tuple[int, Node]] = {}
        self._leaves: dict[int, int] = {}

    # -- opening and closing --------------------------------------------------------------------

    def open(self) -> Path | None:
        """Open the file, or a new one in place of a damaged one; return where that is kept.

        Raises:
            StoreUnavailable: chats can be neither stored nor read.
        """
        try:
            with explained():
                return self._open_or_replace()
        except StoreUnavailable as error:
            self._refusal = error
            raise

    def close(self) -> None:
        """Write what still waits, if that can be done now, and let the file go."""
        if self._connection is None:
            return
        try:
            self._write_waiting()
        except StoreUnavailable:
            _log.warning("%d messages could not be stored.", len(self._unwritten))
        self._connection.close()
        self._connection = None

    # -- writing --------------------------------------------------------------------------------

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> None:
        """Write turns, and those that could not be written before, in one transaction.

        Raises:
            StoreUnavailable: they could not be written; they wait for the next time.
        """
        self._unwritten |= {node.turn.id: (chat_id, node) for node in nodes}
        self._leaves[chat_id] = nodes[-1].turn.id
        self._write_waiting()

    def point(self, chat_id: int, leaf: int) -> None:
        """Let a chat end in another of its messages; raises as `keep` does."""
        self._leaves[chat_id] = leaf
        self._write_waiting()

    def add(self, whole: Sequence[WholeChat]) -> None:
        """Write chats that come from elsewhere, all or none; they do not wait."""
        with explained(), transaction(connection := self._opened()):
            for chat in whole:
                chats.write_whole(connection, chat)

    def rename(self, chat_id: int, name: str) -> None:
        """Give a chat another title."""
        with explained(), transaction(connection := self._opened()):
            chats.rename(connection, chat_id, name)

    def mark_deleted(self, chat_id: int, deleted: bool) -> None:
        """Hide a chat until it is purged, or show it again."""
        with explained(), transaction(connection := self._opened()):
            chats.mark_deleted(connection, chat_id, deleted)

    def purge(self) -> None:
        """Remove the chats that are marked as deleted, from the file and what lies beside it."""
        with explained():
            purged = _purge(self._opened())
        waiting = self._unwritten.items()
        self._unwritten = {id: place for id, place in waiting if place[0] not in purged}
        self._leaves = {chat: leaf for chat, leaf in self._leaves.items() if chat not in purged}

    # -- reading --------------------------------------------------------------------------------

    def highest_ids(self) -> tuple[int, int]:
        """The highest ids of a chat and of a message, 0 where there is none."""
        with explained():
            return chats.highest_ids(self._opened())

    def summaries(self) -> tuple[ChatSummary, ...]:
        """Every chat, the one that was written in last first."""
        with explained():
            return chats.summaries(self._opened())

    def read(self, summary: ChatSummary, message: int | None = None) -> StoredChat:
        """What a chat holds now, on a path that shows `message` where one is named.

        Raises:
            InvalidRequest: it has been deleted.
        """
        with explained():
            return chats.read(self._opened(), summary.id, message)

    def read_whole(self, chat_id: int) -> WholeChat:
        """A chat with every version of every message, also those that wait to be written.

        Raises:
            InvalidRequest: it has been deleted.
        """
        if self._unwritten:
            self._write_waiting()
        with explained():
            return chats.read_whole(self._opened(), chat_id)

    def turns(self, ids: Sequence[int], bare: Collection[int] = ()) -> tuple[Turn, ...]:
        """Messages by their ids, also those that wait to be written.

        Token rows are not read for those in `bare`.
        """
        with explained():
            return tuple(self._turn(id, bare=id in bare) for id in ids)

    def search(self, text: str) -> tuple[SearchHit, ...]:
        """The chats in which every word of `text` begins a word."""
        with explained():
            return search.search(self._opened(), text)

    # -------------------------------------------------------------------------------------------

    def _opened(self) -> apsw.Connection:
        if self._connection is None:
            raise StoreUnavailable(self._refusal.message, self._refusal.hint)
        return self._connection

    def _turn(self, id: int, *, bare: bool) -> Turn:
        if id in self._unwritten:
            return self._unwritten[id][1].turn
        return messages.read(self._opened(), id, bare=bare)

    def _write_waiting(self) -> None:
        with explained(), transaction(connection := self._opened()):
            for _, (chat, node) in sorted(self._unwritten.items()):
                chats.keep(connection, chat, node)
            for chat, leaf in self._leaves.items():
                chats.point(connection, chat, leaf)
        self._unwritten.clear()
        self._leaves.clear()

    def _open_or_replace(self) -> Path | None:
        try:
            self._open()
        except DAMAGED:
            aside = self._move_aside()
            self._open()
            return aside
        return None

    def _open(self) -> None:
        if self._path.is_file() and self._path.stat().st_size == 0:
            raise apsw.NotADBError("emptied")  # SQLite would begin anew without a word
        connection = self._connect(self._path)
        try:
            soundness.check(connection)
            migrate(connection)
            with transaction(connection):
                messages.interrupt_open(connection)
            _purge(connection)
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


def _purge(connection: apsw.Connection) -> tuple[int, ...]:
    with transaction(connection):
        purged = chats.purge(connection)
    if purged:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # no page of them stays beside it
    return purged
