"""What thinking buys on the built-in model: points that a measurement left with the program."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from app import paths

_FILE = "thinking.json"


class WayPoint(Struct, frozen=True):
    """A way of answering: the share of right answers, 0 to 1, and mean tokens for one.

    `thought` of the `tokens` were reasoning; `task` is empty for all of them together.
    """

    way: str
    task: str
    right: float
    tokens: float
    thought: float


class ThinkingReport(Struct, frozen=True):
    """How many questions were asked of which tasks, and how each way did."""

    questions: int
    tasks: tuple[str, ...]
    points: tuple[WayPoint, ...]

    def of(self, task: str = "") -> tuple[WayPoint, ...]:
        """How each way did on a task, or on all."""
        return tuple(each for each in self.points if each.task == task)


def budgets(points: Sequence[WayPoint]) -> list[WayPoint]:
    """The ways that differ by nothing but how much may be thought, least first."""
    return [each for each in points if each.way.endswith(("tokens", "limit"))]


def thinking_report() -> ThinkingReport:
    """The report that came with the program; `tests/benchmarks/thinking.py` makes it."""
    data = (paths.resources() / "measure" / _FILE).read_bytes()
    return msgspec.json.decode(data, type=ThinkingReport)
