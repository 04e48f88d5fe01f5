"""The left side of the window: every chat, found by age or by its words."""
