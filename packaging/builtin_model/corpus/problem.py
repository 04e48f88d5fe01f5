"""A task with one right answer and a worked trace, and how it becomes a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from .conversation import Conversation, Effort, Turn
from .source import Source

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "You are Candor's built-in model.",
    "Be short and clear.",
    "Answer in plain words.",
    "You help people with the app.",
    "You are an honest assistant. If you do not know something, say so.",
    "You are a careful assistant who checks every step.",
    "Be kind and exact.",
    "Talk to me like a friend.",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """`trace` is the full reasoning, `short` the trace at low effort; `size` the difficulty."""

    family: str
    key: str
    question: str
    answer: str
    trace: str
    short: str
    size: int

    def reasoning(self, effort: Effort) -> str:
        """The trace for this effort; empty when reasoning is off."""
        return {"high": self.trace, "low": self.short, "off": ""}[effort]

    def turns(self, effort: Effort) -> tuple[Turn, Turn]:
        """The question and its answer."""
        return Turn("user", self.question), Turn("assistant", self.answer, self.reasoning(effort))


def effort_of(source: Source, high: float = 0.62, low: float = 0.15) -> Effort:
    """A random effort: `high` and `low` are shares, the rest is off."""
    roll = source.random.random()
    return "high" if roll < high else "low" if roll < high + low else "off"


def system_of(source: Source, share: float = 0.08) -> str | None:
    """A system prompt now and then, so that the model reads past it calmly."""
    return source.pick(SYSTEM_PROMPTS) if source.chance(share) else None


def converse(problem: Problem, source: Source, effort: Effort | None = None) -> Conversation:
    """The problem as a chat of one question and one answer."""
    effort = effort_of(source) if effort is None else effort
    return Conversation(
        family=problem.family,
        key=problem.key,
        turns=problem.turns(effort),
        effort=effort,
        system=system_of(source),
        accepted=(problem.answer,),
        size=problem.size,
    )
