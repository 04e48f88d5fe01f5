"""The one error of the set-up: a plain sentence that ends with the next step."""

from pathlib import Path


class SetupError(Exception):
    """Set-up cannot go on; the message is for the person, `log` the file with the details."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
