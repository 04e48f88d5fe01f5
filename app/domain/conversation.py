"""A conversation as values: turns, the changes observers hear of, and what the model is sent.

A turn is never altered: an answer that grows is described by deltas and, once it ended, by a
finished turn.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from app.domain.drafting import Drafting, DraftReport
from app.domain.events import Delta, Timings, Usage
from app.domain.grammar import Grammar
from app.domain.messages import Message, Role
from app.domain.origin import Origin
from app.domain.reasoning import PastThoughts
from app.domain.requests import ThoughtLimit, Variables
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, TokenRecord

NOT_HEARD = "No answer came, so the model will not see this question again."


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
    `origin` is what made an answer, where that is known, and `drafting` what drafts did for it.
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
    origin: Origin | None = None
    drafting: DraftReport | None = None

    def count(self, channel: Channel) -> int:
        """The number of tokens in `channel`."""
        return sum(token.channel is channel for token in self.tokens)

    def channel_text(self, channel: Channel) -> str:
        """What was said in `channel`."""
        texts = {Channel.REASONING: self.reasoning, Channel.TOOL: self.tool_call}
        return texts.get(channel, self.text)


class AnswerOptions(Struct, frozen=True, kw_only=True):
    """How an answer is asked for; `reasoning` None leaves the template's own default.

    `past` says what becomes of earlier thoughts, and `best_of` is how many answers are written at
    once. `grammar` None leaves the answer's form free. `step` is the step of Auto that asks, empty
    without one.
    """

    sampling: SamplingParams = SamplingParams()
    reasoning: bool | None = None
    variables: Variables = {}
    thought: ThoughtLimit = ThoughtLimit()
    past: PastThoughts = PastThoughts.TEMPLATE
    best_of: int = 1
    max_tokens: int | None = None
    top_logprobs: int = 8
    drafting: Drafting = Drafting()
    grammar: Grammar | None = None
    step: str = ""


class Version(Struct, frozen=True):
    """Which of the `count` versions of a turn this is; `index` counts from 0, the oldest first."""

    index: int = 0
    count: int = 1


class TurnAdded(Struct, frozen=True):
    """A question, an answer about to stream, or a turn of a chat or version that was opened."""

    turn: Turn
    version: Version = Version()


class Cut(Struct, frozen=True):
    """The turns from `turn_id` on make way for other ones; `usage` is of the last answer left."""

    turn_id: int
    usage: Usage | None


class PromptRead(Struct, frozen=True):
    """`done` of `total` prompt tokens have been read for the answer `turn_id`."""

    turn_id: int
    done: int
    total: int


class ThoughtLimited(Struct, frozen=True):
    """The answer `turn_id` thinks at most so many tokens; None sets no limit."""

    turn_id: int
    tokens: int | None


class TurnGrew(Struct, frozen=True):
    """Text and tokens came for the answer `turn_id`."""

    turn_id: int
    delta: Delta


class TurnChanged(Struct, frozen=True):
    """An answer ended, or there is more to say about how it did."""

    turn: Turn


class Cleared(Struct, frozen=True):
    """The conversation is empty again."""


Change = TurnAdded | PromptRead | ThoughtLimited | TurnGrew | TurnChanged | Cut | Cleared


def history(
    turns: Sequence[Turn], past: PastThoughts = PastThoughts.TEMPLATE
) -> tuple[Message, ...]:
    """The messages a next question follows; a question that got no answer is left out with it.

    Their thoughts come with them, for the template to keep or to leave out, unless they are to be
    dropped.
    """
    kept: list[Message] = []
    for turn in turns:
        if turn.role is Role.ASSISTANT and not turn.text:
            kept.pop()
        else:
            thought = "" if past is PastThoughts.DROP else turn.reasoning
            kept.append(Message(role=turn.role, content=turn.text, reasoning=thought))
    return tuple(kept)


def ended(turn: Turn, state: TurnState, note: str) -> Turn:
    """The answer as it ended; one without a text says what that means for the next question."""
    if not turn.text:
        note = f"{note} {NOT_HEARD}".lstrip()
    return replace(turn, state=state, note=note)


def deltas(turn: Turn) -> tuple[Delta, ...]:
    """The growth that leads to this answer: one delta for each run of tokens in one channel."""
    shown = dict.fromkeys(Channel, 0)
    found: list[Delta] = []
    for channel, run in groupby(turn.tokens, lambda token: token.channel):
        tokens = tuple(run)
        end = max(shown[channel], *(token.end for token in tokens))
        found.append(Delta(channel, turn.channel_text(channel)[shown[channel] : end], tokens))
        shown[channel] = end
    rests = [
        Delta(channel, rest, ())
        for channel in (Channel.REASONING, Channel.ANSWER, Channel.TOOL)
        if (rest := turn.channel_text(channel)[shown[channel] :])
    ]
    return (*found, *rests)
