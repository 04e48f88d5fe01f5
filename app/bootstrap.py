"""The composition root: the one place that knows which part gets which."""


def window() -> int:
    """Open the window and return the exit status."""
    raise NotImplementedError


def terminal(arguments: list[str]) -> int:
    """Run a terminal command and return the exit status."""
    raise NotImplementedError
