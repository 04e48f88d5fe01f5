"""What the model learns, and how much of each: the one table of sampling weights."""

from __future__ import annotations

from collections.abc import Callable

from . import (
    arithmetic,
    calculator,
    chances,
    clock,
    labels,
    letters,
    lists,
    multiturn,
    structured,
    units,
)
from .conversation import Conversation
from .help_topics import help_question
from .problem import Problem, converse
from .refusals import refusal
from .smalltalk import small_talk
from .source import Source

# How a problem is made, and the smallest and largest size it is trained at.
TASKS: dict[str, tuple[Callable[[Source, int], Problem], int, int]] = {
    "add": (arithmetic.add, 1, 8),
    "subtract": (arithmetic.subtract, 1, 6),
    "multiply": (arithmetic.multiply, 1, 3),
    "clock": (clock.clock, 1, 5),
    "sort": (lists.sort, 2, 10),
    "compare": (lists.compare, 2, 6),
    "letters": (letters.letters, 3, 12),
    "length": (letters.length, 3, 12),
    "reverse": (letters.reverse, 3, 12),
    "units": (units.convert, 1, 4),
}
CHATS: dict[str, Callable[[Source], Conversation]] = {
    "help": help_question,
    "refusal": refusal,
    "small_talk": small_talk,
    "labels": labels.label,
    "yes_no": labels.yes_no,
    "json": structured.json_answer,
    "tools": calculator.tool_chat,
    "chance": chances.chance,
    "multi_turn": multiturn.multi_turn,
    "long_chat": multiturn.long_chat,
}
# Conversations of each family, in proportion. Traces are long, so tasks weigh more in tokens.
WEIGHTS = {
    "help": 90.0,
    "refusal": 14.0,
    "small_talk": 9.0,
    "labels": 8.0,
    "yes_no": 8.0,
    "json": 4.0,
    "tools": 2.0,
    "chance": 2.5,
    "multi_turn": 9.0,
    "long_chat": 0.4,
    "add": 5.0,
    "subtract": 7.0,
    "multiply": 3.5,
    "clock": 5.0,
    "sort": 5.0,
    "compare": 3.0,
    "letters": 4.0,
    "length": 1.5,
    "reverse": 1.5,
    "units": 3.5,
}
# How often a size is drawn a second time, from those up to the first.
SMALLER_SIZES = 0.65


def draw(source: Source, family: str | None = None) -> Conversation:
    """A conversation of this family, or of one drawn by the weights."""
    family = family or source.random.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    if family in CHATS:
        return CHATS[family](source)
    make, smallest, largest = TASKS[family]
    size = source.random.randint(smallest, largest)
    if source.chance(SMALLER_SIZES):
        size = source.random.randint(smallest, size)
    return converse(make(source, size), source)
