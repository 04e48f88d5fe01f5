"""The contract as plain values: what to feed a decoder, what it remembers, and what it gives."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum, auto

import numpy as np


class Role(StrEnum):
    """What an input is told about the tokens of a run."""

    IDS = auto()
    EMBEDDINGS = auto()
    """The tokens as vectors, made by a graph of their own."""
    LAYER_EMBEDDINGS = auto()
    """More vectors of the same tokens, one for every layer."""
    MASK = auto()
    POSITIONS = auto()
    POSITIONS_FROM_ONE = auto()
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
    """An input that is made anew for every run; `shape` as declared."""

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
    """A past input and the present output that continues it.

    `shape` is that of an empty past. `axis` has one place for every token, so that a beginning
    of the past is the past of the beginning; it is None for a state that keeps only what came
    last, as convolutions, recurrences and sliding windows do. `in_place` says that the graph may
    write the present into the memory of the past.
    """

    past: str
    present: str
    dtype: type[np.generic]
    shape: tuple[int, ...]
    axis: int | None
    in_place: bool

    @property
    def length(self) -> int | None:
        """The tokens that a past of a fixed length has room for, None where it grows."""
        return self.shape[self.axis] or None if self.axis is not None else None

    @property
    def kv_heads(self) -> int:
        """Heads of a past [1, kv_heads, past, head_size]."""
        return self.shape[1]

    @property
    def head_size(self) -> int:
        """Size of each head of a past [1, kv_heads, past, head_size]."""
        return self.shape[3]

    @property
    def bytes_per_token(self) -> int:
        """Memory that one more token takes in this state."""
        if self.axis is None:
            return 0
        others = (size for axis, size in enumerate(self.shape) if axis != self.axis)
        return math.prod(others) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Contract:
    """How to feed a decoder.

    `states` is empty for a model that reads the whole sequence in every run. `batched` says that
    rows of different lengths may run at once where the whole cache is in place; `rotary_positions`
    is the number of positions of its stored rotary tables, where it has any; `rope_switch` the
    number of tokens beyond which it turns all its keys by other angles.
    """

    feeds: tuple[Feed, ...]
    logits: Logits
    states: tuple[State, ...]
    batched: bool
    rotary_positions: int | None
    rope_switch: int | None

    def copied(self) -> "Contract":
        """The same for a device that copies what is bound, so that nothing stays in place."""
        return replace(self, states=tuple(replace(each, in_place=False) for each in self.states))

    def feed(self, role: Role) -> Feed | None:
        """The input of this role, if the graph has one."""
        return next((each for each in self.feeds if each.role is role), None)

    @property
    def in_place(self) -> bool:
        """Whether the whole cache stays in the memory it has."""
        return bool(self.states) and all(state.in_place for state in self.states)

    @property
    def cache_length(self) -> int | None:
        """The tokens that a cache of a fixed length holds, None where it grows."""
        lengths = (state.length for state in self.states)
        return min((length for length in lengths if length is not None), default=None)

    @property
    def bytes_per_token(self) -> int:
        """Memory that one cached token takes."""
        return sum(state.bytes_per_token for state in self.states)

    @property
    def one_by_one(self) -> bool:
        """Whether every run takes a single token."""
        return any(feed.role is Role.IDS and feed.shape[1] == 1 for feed in self.feeds)
