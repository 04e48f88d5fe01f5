"""Chats as rows: which there are, which was used last, and what one of them holds.

A deleted chat is hidden at once and its rows go with the next `purge`, so that a deletion can be
taken back for a while and yet outlives a crash.
"""

import json
import time
from collections.abc import Iterable

import apsw

from app.domain.chats import ChatSummary, Node, StoredChat, WholeChat, title
from app.domain.messages import Role
from app.errors import InvalidRequest
from app.services.store import messages

COLUMNS = ("id", "title", "leaf", "changed_at")
UPDATE = """
INSERT INTO chats (id, title, leaf, changed_at) VALUES (:id, :title, :leaf, :now)
ON CONFLICT (id) DO UPDATE SET leaf = :leaf, changed_at = :now
"""
# By message, since a clock can be set back.
LIST = f"""
SELECT {", ".join(COLUMNS)} FROM chats
WHERE NOT deleted AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
ORDER BY (SELECT max(id) FROM messages WHERE chat = chats.id) DESC
"""
PURGE = """
DELETE FROM token_rows WHERE message IN (
    SELECT messages.id FROM messages JOIN chats ON chats.id = messages.chat WHERE chats.deleted
);
DELETE FROM messages WHERE chat IN (SELECT id FROM chats WHERE deleted);
DELETE FROM chats WHERE deleted;
"""


def keep(
    connection: apsw.Connection, chat_id: int, node: Node, written_at: float | None = None
) -> None:
    """Put a turn into a chat, which begins with it where there is none, and move the leaf there."""
    values = {"id": chat_id, "title": _title(node), "leaf": node.turn.id, "now": time.time()}
    connection.execute(UPDATE, values)
    messages.write(connection, chat_id, node, written_at)


def point(connection: apsw.Connection, chat_id: int, leaf: int) -> None:
    """Let a chat end in another of its messages."""
    move = "UPDATE chats SET leaf = ? WHERE id = ?"
    connection.execute(move, (leaf, chat_id))


def rename(connection: apsw.Connection, chat_id: int, name: str) -> None:
    """Give a chat another title."""
    connection.execute("UPDATE chats SET title = ? WHERE id = ?", (title(name), chat_id))


def mark_deleted(connection: apsw.Connection, chat_id: int, deleted: bool) -> None:
    """Hide a chat until it is purged, or show it again."""
    connection.execute("UPDATE chats SET deleted = ? WHERE id = ?", (deleted, chat_id))


def purge(connection: apsw.Connection) -> tuple[int, ...]:
    """Remove the rows of deleted chats; their ids."""
    deleted = tuple(id for (id,) in connection.execute("SELECT id FROM chats WHERE deleted"))
    if deleted:
        connection.execute(PURGE)
    return deleted


def summaries(
    connection: apsw.Connection, ids: Iterable[int] | None = None
) -> tuple[ChatSummary, ...]:
    """Every chat, or those with these ids, the one that was written in last first."""
    chosen = None if ids is None else json.dumps(list(ids))
    rows = connection.execute(LIST, {"ids": chosen})
    return tuple(ChatSummary(**dict(zip(COLUMNS, row, strict=True))) for row in rows)


def read(connection: apsw.Connection, chat_id: int, message: int | None = None) -> StoredChat:
    """The turns that lead to a chat's leaf, and the tree around them.

    With a `message` that is not among them, those that lead to what came last below it.

    Raises:
        InvalidRequest: there is no such chat.
    """
    found = summaries(connection, [chat_id])
    if not found:
        raise InvalidRequest("This chat has been deleted.", "Choose another one.")
    tree = messages.tree(connection, chat_id)
    path = tree.path(found[0].leaf)
    if message is not None and message not in path:
        path = tree.path(tree.newest_leaf(message))
    turns = tuple(messages.read(connection, id) for id in path)
    return StoredChat(summary=found[0], turns=turns, tree=tree)


def read_whole(connection: apsw.Connection, chat_id: int) -> WholeChat:
    """A chat with every version of every message.

    Raises:
        InvalidRequest: there is no such chat.
    """
    found = summaries(connection, [chat_id])
    if not found:
        raise InvalidRequest("This chat has been deleted.", "Choose another one.")
    links = messages.tree(connection, chat_id).links()
    return WholeChat(
        summary=found[0],
        nodes=tuple(Node(messages.read(connection, id), parent) for id, parent in links),
        written_at=tuple(messages.written_at(connection, id) for id, _ in links),
    )


def write_whole(connection: apsw.Connection, chat: WholeChat) -> None:
    """Put a chat there that has new ids; it counts as changed now."""
    for node, written_at in zip(chat.nodes, chat.written_at, strict=True):
        keep(connection, chat.summary.id, node, written_at)
    rename(connection, chat.summary.id, chat.summary.title)
    point(connection, chat.summary.id, chat.summary.leaf)


def highest_ids(connection: apsw.Connection) -> tuple[int, int]:
    """The highest ids of a chat and of a message, 0 where there is none."""
    highest = "SELECT coalesce((SELECT max(id) FROM {}), 0)"
    return tuple(connection.execute(highest.format(name)).get for name in ("chats", "messages"))


def _title(node: Node) -> str:
    return title(node.turn.text) if node.turn.role is Role.USER else ""
