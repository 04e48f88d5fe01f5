"""Drafts: who proposes tokens, how many at a time, and what came of it."""
