"""Generates every text the built-in model is trained on, from seeds alone.

`mixture.draw` returns one `Conversation`; each family has a module of its own. Nothing here
needs PyTorch, a network or a data file from outside the project.
"""
