"""The one error of the set-up: a plain sentence that ends with the next step."""


class SetupError(Exception):
    """Set-up cannot go on; the message is for the person who typed the command."""
