"""A conversation as values: turns, the changes observers hear of, and what the model is sent.

A turn is never altered: an answer that grows is described by deltas and, once it ended, by a
finished turn.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from app.domain.events import Delta, Timings, Usage
from app.domain.messages import Message, Role
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, TokenRecord


class TurnState(StrEnum):
    """How far a turn got."""

    STREAMING = "streaming"
    FINISHED = "finished"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class Turn(Struct, frozen=True, kw_only=True):
    """What one side said.

    `tokens` holds every generated token in the order it came, each naming its channel; spans
    count code points in that channel's text. `reasoning_s` is the time spent on the reasoning,
    `note` a sentence for the person on how the turn ended, empty when there is nothing to say.
    """

    id: int
    role: Role
    state: TurnState = TurnState.FINISHED
    text: str = ""
    reasoning: str = ""
    tool_call: str = ""
    tokens: tuple[TokenRecord, ...] = ()
    reasoning_s: float = 0.0
    usage: Usage | None = None
    timings: Timings | None = None
    note: str = ""

    def count(self, channel: Channel) -> int:
        """The number of tokens in `channel`."""
        return sum(token.channel is channel for token in self.tokens)


class AnswerOptions(Struct, frozen=True, kw_only=True):
    """How an answer is asked for; `reasoning` None leaves the template's own default."""

    sampling: SamplingParams = SamplingParams()
    reasoning: bool | None = None
    max_tokens: int | None = None
    top_logprobs: int = 8


class TurnAdded(Struct, frozen=True):
    """A question, or an answer about to stream."""

    turn: Turn


class PromptRead(Struct, frozen=True):
    """`done` of `total` prompt tokens have been read for the answer `turn_id`."""

    turn_id: int
    done: int
    total: int


class TurnGrew(Struct, frozen=True):
    """Text and tokens came for the answer `turn_id`."""

    turn_id: int
    delta: Delta


class TurnChanged(Struct, frozen=True):
    """An answer ended, or there is more to say about how it did."""

    turn: Turn


class Cleared(Struct, frozen=True):
    """The conversation is empty again."""


Change = TurnAdded | PromptRead | TurnGrew | TurnChanged | Cleared


def history(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """The messages a next question follows; a question that got no answer is left out with it."""
    kept: list[Message] = []
    for turn in turns:
        if turn.role is Role.ASSISTANT and not turn.text:
            kept.pop()
        else:
            kept.append(Message(role=turn.role, content=turn.text, reasoning=turn.reasoning))
    return tuple(kept)
