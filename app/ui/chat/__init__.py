"""The conversation: its messages, the coloured text of tokens, and the place to write."""
