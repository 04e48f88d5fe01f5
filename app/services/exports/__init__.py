"""Chats and scored texts as files that other programs read: JSON, a table, a page for browsers."""
