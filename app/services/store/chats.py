"""Chats as rows: which there are, which was used last, and what one of them holds."""

import time

import apsw

from app.domain.chats import ChatSummary, Node, StoredChat
from app.domain.messages import Role
from app.services.store import messages

TITLE_LENGTH = 80
COLUMNS = ("id", "title", "leaf", "changed_at")
UPDATE = """
INSERT INTO chats VALUES (:id, :title, :leaf, :now)
ON CONFLICT (id) DO UPDATE SET leaf = :leaf, changed_at = :now
"""
# By message, since a clock can be set back.
LIST = f"""
SELECT {", ".join(COLUMNS)} FROM chats
ORDER BY (SELECT max(id) FROM messages WHERE chat = chats.id) DESC
"""


def keep(connection: apsw.Connection, chat_id: int, node: Node) -> None:
    """Put a turn into a chat, which begins with it where there is none, and move the leaf there."""
    values = {"id": chat_id, "title": _title(node), "leaf": node.turn.id, "now": time.time()}
    connection.execute(UPDATE, values)
    messages.write(connection, chat_id, node)


def point(connection: apsw.Connection, chat_id: int, leaf: int) -> None:
    """Let a chat end in another of its messages."""
    move = "UPDATE chats SET leaf = ? WHERE id = ?"
    connection.execute(move, (leaf, chat_id))


def summaries(connection: apsw.Connection) -> tuple[ChatSummary, ...]:
    """Every chat, the one that was written in last first."""
    return tuple(
        ChatSummary(**dict(zip(COLUMNS, row, strict=True))) for row in connection.execute(LIST)
    )


def read(connection: apsw.Connection, summary: ChatSummary) -> StoredChat:
    """The turns that lead to a chat's leaf, and the tree around them."""
    tree = messages.tree(connection, summary.id)
    turns = tuple(messages.read(connection, id) for id in tree.path(summary.leaf))
    return StoredChat(summary=summary, turns=turns, tree=tree)


def highest_ids(connection: apsw.Connection) -> tuple[int, int]:
    """The highest ids of a chat and of a message, 0 where there is none."""
    highest = "SELECT coalesce((SELECT max(id) FROM {}), 0)"
    return tuple(connection.execute(highest.format(name)).get for name in ("chats", "messages"))


def _title(node: Node) -> str:
    words = node.turn.text.split() if node.turn.role is Role.USER else []
    return " ".join(words)[:TITLE_LENGTH]
