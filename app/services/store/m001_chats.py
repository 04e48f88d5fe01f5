"""Schema 1: chats, their message trees, and the token rows of answers."""

SQL = """
CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    leaf INTEGER NOT NULL REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED,
    changed_at REAL NOT NULL
) STRICT;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL REFERENCES chats (id),
    parent INTEGER REFERENCES messages (id),
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    tool_call TEXT NOT NULL,
    reasoning_s REAL NOT NULL,
    usage TEXT,
    timings TEXT,
    note TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE INDEX messages_of_chat ON messages (chat);

CREATE TABLE token_rows (
    message INTEGER NOT NULL REFERENCES messages (id),
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    rows BLOB NOT NULL,
    PRIMARY KEY (message, first)
) STRICT, WITHOUT ROWID;
"""
