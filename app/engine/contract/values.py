"""The contract as plain values: what to feed a decoder, what it remembers, and what it gives."""

from dataclasses import dataclass
from enum import StrEnum, auto

import numpy as np


class Role(StrEnum):
    """What an integer input is told about the tokens of a run."""

    IDS = auto()
    MASK = auto()
    POSITIONS = auto()
    LOGITS_TO_KEEP = auto()
    """How many of the last positions get logits; 0 asks for all."""
    LOGITS_AT = auto()
    """The positions of this run that get logits, by index."""
    CACHE_BRANCH = auto()
    """Whether there is a past."""
    LAST_POSITION = auto()
    """Tokens in the cache after the run, less one, for each row."""
    TOTAL_LENGTH = auto()
    """Tokens in the cache after the run, of the longest row."""
    PAST_LENGTH = auto()
    """Tokens in the cache before the run, of the longest row."""
    CURRENT_LENGTH = auto()
    """Tokens of this run."""
    QUERY_LENGTHS = auto()
    """Tokens of this run, for each row."""


@dataclass(frozen=True, slots=True)
class Feed:
    """An integer input; `shape` as declared."""

    role: Role
    name: str
    dtype: type[np.generic]
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Logits:
    """The output [1, tokens, vocabulary]; `vocabulary` None where the graph leaves it open."""

    name: str
    dtype: type[np.generic]
    vocabulary: int | None


@dataclass(frozen=True, slots=True)
class State:
    """A past input [1, kv_heads, past, head_size] and the present output that continues it."""

    past: str
    present: str
    dtype: type[np.generic]
    kv_heads: int
    head_size: int

    @property
    def bytes_per_token(self) -> int:
        """Memory that one cached token takes in this state."""
        return self.kv_heads * self.head_size * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Contract:
    """How to feed a decoder.

    `in_place` says that the graph may write its present into the memory of its past, and `batched`
    that rows of different lengths may run at once then;
    `rotary_positions` is the number of positions of its stored rotary tables, where it has any.
    """

    feeds: tuple[Feed, ...]
    logits: Logits
    states: tuple[State, ...]
    in_place: bool
    batched: bool
    rotary_positions: int | None

    def feed(self, role: Role) -> Feed | None:
        """The input of this role, if the graph has one."""
        return next((each for each in self.feeds if each.role is role), None)

    @property
    def bytes_per_token(self) -> int:
        """Memory that one cached token takes."""
        return sum(state.bytes_per_token for state in self.states)
