"""Turns as rows: the message tree of a chat and the token rows of its answers.

A turn is written again while it grows and once it has ended. Rows go only with their whole chat;
token rows are also written anew in larger blocks.
"""

import time
from collections.abc import Sequence

import apsw
import msgspec

from app.domain.chats import MessageTree, Node
from app.domain.conversation import Turn, TurnState, ended
from app.domain.drafting import DraftReport
from app.domain.events import Timings, Usage
from app.domain.messages import Role
from app.domain.origin import Origin
from app.domain.tokens import TokenRecord
from app.services.store import token_rows

BLOCK = 1000
CUT_OFF = "Interrupted: Candor ended before the answer did."
NO_TOKENS = "The numbers of its tokens are damaged and cannot be shown."

WRITE = """
INSERT INTO messages VALUES (
    :id, :chat, :parent, :role, :state, :text, :reasoning, :tool_call, :reasoning_s,
    :usage, :timings, :note, :now, :origin, :drafting
) ON CONFLICT (id) DO UPDATE SET
    state = :state, text = :text, reasoning = :reasoning, tool_call = :tool_call,
    reasoning_s = :reasoning_s, usage = :usage, timings = :timings, note = :note,
    origin = :origin, drafting = :drafting
"""
READ = """
SELECT id, role, state, text, reasoning, tool_call, reasoning_s, usage, timings, note, origin,
    drafting
FROM messages WHERE id = ?
"""


def write(
    connection: apsw.Connection, chat_id: int, node: Node, written_at: float | None = None
) -> None:
    """Insert a turn, or bring a known one up to date; `written_at` is now if it is not given."""
    turn = node.turn
    values = {
        "id": turn.id,
        "chat": chat_id,
        "parent": node.parent,
        "role": turn.role.value,
        "state": turn.state.value,
        "text": turn.text,
        "reasoning": turn.reasoning,
        "tool_call": turn.tool_call,
        "reasoning_s": turn.reasoning_s,
        "usage": _json(turn.usage),
        "timings": _json(turn.timings),
        "note": turn.note,
        "origin": _json(turn.origin),
        "drafting": _json(turn.drafting),
        "now": time.time() if written_at is None else written_at,
    }
    connection.execute(WRITE, values)
    _write_tokens(connection, turn)


def read(connection: apsw.Connection, message_id: int, *, bare: bool = False) -> Turn:
    """A turn with its token records, unless it is to be `bare` of them.

    Where they are damaged, its note says so.

    Raises:
        KeyError: there is no such message.
    """
    row = connection.execute(READ, (message_id,)).fetchone()
    if row is None:
        raise KeyError(message_id)
    id, role, state, text, reasoning, tool_call, reasoning_s, usage, timings, note, *made = row
    origin, drafting = made
    try:
        tokens = () if bare else _read_tokens(connection, id)
    except ValueError:
        tokens, note = (), f"{note} {NO_TOKENS}".lstrip()
    return Turn(
        id=id,
        role=Role(role),
        state=TurnState(state),
        text=text,
        reasoning=reasoning,
        tool_call=tool_call,
        tokens=tokens,
        reasoning_s=reasoning_s,
        usage=usage and msgspec.json.decode(usage, type=Usage),
        timings=timings and msgspec.json.decode(timings, type=Timings),
        note=note,
        origin=origin and msgspec.json.decode(origin, type=Origin),
        drafting=drafting and msgspec.json.decode(drafting, type=DraftReport),
    )


def tree(connection: apsw.Connection, chat_id: int) -> MessageTree:
    """Which message of a chat follows which."""
    found = connection.execute("SELECT id, parent FROM messages WHERE chat = ?", (chat_id,))
    return MessageTree((id, parent) for id, parent in found)


def written_at(connection: apsw.Connection, message_id: int) -> float:
    """When a message was begun, in Unix seconds."""
    query = "SELECT created_at FROM messages WHERE id = ?"
    return connection.execute(query, (message_id,)).get


def interrupt_open(connection: apsw.Connection) -> None:
    """End the answers that a crash left open."""
    query = "SELECT id, text FROM messages WHERE state = ?"
    for id, text in tuple(connection.execute(query, (TurnState.STREAMING.value,))):
        left = Turn(id=id, role=Role.ASSISTANT, text=text)
        turn = ended(left, TurnState.INTERRUPTED, CUT_OFF)
        change = "UPDATE messages SET state = ?, note = ? WHERE id = ?"
        connection.execute(change, (turn.state.value, turn.note, turn.id))


def _write_tokens(connection: apsw.Connection, turn: Turn) -> None:
    """Append what a growing turn got; put an ended one into full blocks."""
    if turn.state is TurnState.STREAMING:
        count = "SELECT coalesce(sum(count), 0) FROM token_rows WHERE message = ?"
        known = connection.execute(count, (turn.id,)).get
    else:
        connection.execute("DELETE FROM token_rows WHERE message = ?", (turn.id,))
        known = 0
    for first in range(known, len(turn.tokens), BLOCK):
        _write_block(connection, turn.id, first, turn.tokens[first : first + BLOCK])


def _write_block(
    connection: apsw.Connection, message_id: int, first: int, tokens: Sequence[TokenRecord]
) -> None:
    values = (message_id, first, len(tokens), token_rows.encode(tokens))
    connection.execute("INSERT INTO token_rows VALUES (?, ?, ?, ?)", values)


def _read_tokens(connection: apsw.Connection, message_id: int) -> tuple[TokenRecord, ...]:
    query = "SELECT rows FROM token_rows WHERE message = ? ORDER BY first"
    blocks = connection.execute(query, (message_id,))
    return tuple(token for (rows,) in blocks for token in token_rows.decode(rows))


def _json(value: Usage | Timings | Origin | DraftReport | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
