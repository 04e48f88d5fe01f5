"""The inference process: the child that runs the engine, and the parent's client of it."""
