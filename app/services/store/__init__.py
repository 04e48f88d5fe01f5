"""The chats on disk: one SQLite file, one thread that works with it, one door for the services."""
