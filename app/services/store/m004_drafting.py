"""Schema 4: what drafts did for each answer, as JSON; NULL where none were asked for."""

SQL = "ALTER TABLE messages ADD COLUMN drafting TEXT;"
