"""Schema 2: chats that wait to be removed, and the words of messages and titles for the search.

The words are indexes beside the tables that hold the texts; triggers keep them in step. An answer
that still grows is not in them: it would be indexed whole each second. What is removed leaves no
words behind (`secure-delete`).
"""

INDEXES = """
CREATE VIRTUAL TABLE message_words USING fts5 (
    text, content = 'messages', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
CREATE VIRTUAL TABLE chat_words USING fts5 (
    title, content = 'chats', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
INSERT INTO chat_words (chat_words, rank) VALUES ('secure-delete', 1);
INSERT INTO message_words (rowid, text) SELECT id, text FROM messages WHERE state <> 'streaming';
INSERT INTO chat_words (rowid, title) SELECT id, title FROM chats;
"""

SQL = f"""
ALTER TABLE chats ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

CREATE INDEX chats_of_leaf ON chats (leaf);
CREATE INDEX messages_of_parent ON messages (parent);
{INDEXES}
CREATE TRIGGER message_said AFTER INSERT ON messages WHEN new.state <> 'streaming' BEGIN
    INSERT INTO message_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text, state ON messages
WHEN new.text <> old.text OR new.state <> old.state BEGIN
    INSERT INTO message_words (message_words, rowid, text)
    SELECT 'delete', old.id, old.text WHERE old.state <> 'streaming';
    INSERT INTO message_words (rowid, text)
    SELECT new.id, new.text WHERE new.state <> 'streaming';
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.state <> 'streaming' BEGIN
    INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.id, old.text);
END;

CREATE TRIGGER chat_begun AFTER INSERT ON chats BEGIN
    INSERT INTO chat_words (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER chat_named AFTER UPDATE OF title ON chats WHEN new.title <> old.title BEGIN
    INSERT INTO chat_words (chat_words, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO chat_words (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER chat_removed AFTER DELETE ON chats BEGIN
    INSERT INTO chat_words (chat_words, rowid, title) VALUES ('delete', old.id, old.title);
END;
"""
