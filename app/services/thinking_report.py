"""What thinking buys on the built-in model: points that a measurement left with the program."""

from functools import cached_property

import msgspec
from msgspec import Struct

from app import paths

_FILE = "thinking.json"


class WayPoint(Struct, frozen=True):
    """A way of answering: the share of right answers, 0 to 1, and mean tokens for one."""

    way: str
    right: float
    tokens: float


class ThinkingReport(Struct, frozen=True, dict=True):
    """How many questions were asked of which tasks, and how each way did."""

    questions: int
    tasks: tuple[str, ...]
    points: tuple[WayPoint, ...]

    @cached_property
    def budgets(self) -> tuple[WayPoint, ...]:
        """The ways that differ by nothing but how much may be thought, least first."""
        return tuple(each for each in self.points if each.way.endswith(("tokens", "limit")))


def thinking_report() -> ThinkingReport:
    """The report that came with the program; `tests/benchmarks/thinking.py` makes it."""
    data = (paths.resources() / "measure" / _FILE).read_bytes()
    return msgspec.json.decode(data, type=ThinkingReport)
