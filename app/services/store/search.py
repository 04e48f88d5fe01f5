"""Finds chats by the words of their messages and titles.

A person's words are never the syntax of the index: each is quoted, and stands for every word that
begins with it. Newest first; one hit for each chat.
"""

import json
from collections.abc import Iterable
from secrets import token_hex

import apsw

from app.domain.chats import SearchHit, Snippet
from app.services.store import chats

MOST_HITS = 100
SNIPPET_WORDS = 10

MESSAGES = """
SELECT messages.chat, messages.id FROM message_words
JOIN messages ON messages.id = message_words.rowid
JOIN chats ON chats.id = messages.chat
WHERE message_words MATCH ? AND NOT chats.deleted
ORDER BY message_words.rowid DESC
"""
TITLES = """
SELECT rowid, highlight(chat_words, 0, :mark, :mark) FROM chat_words
WHERE chat_words MATCH :words ORDER BY rowid DESC LIMIT :most
"""
# The plus keeps SQLite from asking the index once for each message.
SNIPPETS = """
SELECT rowid, snippet(message_words, 0, :mark, :mark, '…', :length) FROM message_words
WHERE message_words MATCH :words AND +rowid IN (SELECT value FROM json_each(:messages))
"""


def search(connection: apsw.Connection, text: str) -> tuple[SearchHit, ...]:
    """The chats in which every word of `text` begins a word, the one used last first."""
    words = expression(text)
    if not words:
        return ()
    mark = f"\x02{token_hex(8)}"  # no text can hold it by chance
    found = _newest(connection.execute(MESSAGES, (words,)))
    names = {"mark": mark, "words": words, "most": MOST_HITS, "length": SNIPPET_WORDS}
    titles = dict(connection.execute(TITLES, names))
    names |= {"messages": json.dumps(list(found.values()))}
    snippets = dict(connection.execute(SNIPPETS, names))
    hits: list[SearchHit] = []
    for chat in chats.summaries(connection, {*found, *titles}):
        message = found.get(chat.id)
        marked = titles[chat.id] if message is None else snippets[message]
        hits.append(SearchHit(chat, message, snippet(marked, mark)))
    return tuple(hits[:MOST_HITS])


def expression(text: str) -> str:
    """The words of `text` as the index is asked for them, empty where there is none."""
    sound = text.encode(errors="replace").decode().replace("\0", " ")
    quoted = (word.replace('"', '""') for word in sound.split())
    return " ".join(f'"{word}"*' for word in quoted)


def snippet(marked: str, mark: str) -> Snippet:
    """A text in which `mark` stands before and after what was found, in one line."""
    text, marks = "", []
    for place, piece in enumerate(marked.split(mark)):
        start = len(text)
        text += "".join(" " if sign.isspace() else sign for sign in piece)
        if place % 2:
            marks.append((start, len(text)))
    return Snippet(text, tuple(marks))


def _newest(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The first message of each chat; no more rows are read than that takes."""
    seen: dict[int, int] = {}
    for chat, message in rows:
        seen.setdefault(chat, message)
        if len(seen) == MOST_HITS:
            break
    return seen
