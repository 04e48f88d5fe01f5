"""Schema 3: what made each answer, as JSON; NULL where that is not known."""

SQL = "ALTER TABLE messages ADD COLUMN origin TEXT;"
