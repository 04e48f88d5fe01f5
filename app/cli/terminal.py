"""What every verb is handed: the person's terminal and the way to an engine."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from app.cli.progress import ProgressBar
from app.cli.session import Session
from app.cli.visible import visible_line
from app.services.engine_host import EngineHost
from app.services.local_server import MakeServer
from app.services.packs import Packs

Step = Callable[[str], AbstractContextManager[None]]
SelfTest = Callable[[Step], None]


class Terminal:
    """Both output streams, sessions with a worker of their own, and what only bootstrap can make.

    `packs` start the workers, `self_test` is the window's check of itself and does each of its
    parts within a `Step`, which is told the part's name, and `make_server` makes the local server.
    """

    def __init__(self, packs: Packs, self_test: SelfTest, make_server: MakeServer) -> None:
        self.packs = packs
        self.self_test = self_test
        self.make_server = make_server
        self.out = Console(highlight=False)
        self.err = Console(highlight=False, stderr=True)

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines on standard output, as they are but for controls."""
        for line in lines:
            self.out.print(Segments([Segment(visible_line(line) + "\n")]), end="", soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a line that is no part of the answer on standard error."""
        line = Segment(visible_line(text) + "\n", Style(dim=True))
        self.err.print(Segments([line]), end="", soft_wrap=True)

    def complain(self, text: str) -> None:
        """Print what went wrong on standard error."""
        self.err.print(Segments([Segment(visible_line(text) + "\n")]), end="", soft_wrap=True)

    def session(self) -> Session:
        """A session that is ready to load a model."""
        return Session(self.packs.client, ProgressBar(self.err))

    def engine(self) -> EngineHost:
        """An engine that starts a lost worker again, for what outlives a request."""
        return EngineHost(self.packs.client)
