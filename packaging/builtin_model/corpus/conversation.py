"""The values a generator returns: conversations, ready for the chat template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Effort = Literal["high", "low", "off"]
Role = Literal["user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `reasoning` is the trace of an assistant's turn, `call` its tool call."""

    role: Role
    content: str
    reasoning: str = ""
    call: dict[str, Any] | None = None

    def message(self) -> dict[str, Any]:
        """The turn as the chat template reads it."""
        message: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.call is not None:
            message["tool_calls"] = [{"type": "function", "function": self.call}]
        return message


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat whose last turn is the assistant's; that turn is what is learned and measured.

    `key` decides between training and held-out text. `accepted` are all the contents of the
    last turn that count as right. `size` is the family's measure of difficulty (digits, items).
    """

    family: str
    key: str
    turns: tuple[Turn, ...]
    effort: Effort = "high"
    system: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    accepted: tuple[str, ...] = ()
    size: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The last user message."""
        return next(turn.content for turn in reversed(self.turns) if turn.role == "user")

    def messages(self, *, answered: bool) -> list[dict[str, Any]]:
        """The messages for the template, with or without the last answer."""
        head = [] if self.system is None else [{"role": "system", "content": self.system}]
        turns = self.turns if answered else self.turns[:-1]
        return head + [turn.message() for turn in turns]

    def template_options(self) -> dict[str, Any]:
        """The template variables that express effort and tools."""
        return {
            "enable_thinking": self.effort != "off",
            "reasoning_effort": "low" if self.effort == "low" else "high",
            "tools": list(self.tools) or None,
        }
