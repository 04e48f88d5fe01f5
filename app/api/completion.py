"""The engine's events as a completion, whole or in chunks."""

import time
import uuid
from collections.abc import Iterator, Sequence

from msgspec import UNSET, structs

from app.api.replies import (
    REASONS,
    Answer,
    AnswerDelta,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    Logprobs,
    TokenLogprob,
    Usage,
)
from app.api.schema import ChatRequest
from app.domain.events import Delta, Event, Finished
from app.domain.tokens import Channel, TokenRecord
from app.errors import Bug


class Whole:
    """Gathers the events of one request."""

    def __init__(self, asked: ChatRequest) -> None:
        self._asked = asked
        self._deltas: list[Delta] = []
        self._finished: Finished | None = None

    def add(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Delta):
            self._deltas.append(event)
        elif isinstance(event, Finished):
            self._finished = event

    def completion(self) -> Completion:
        """The answer, which has ended."""
        if self._finished is None:
            raise Bug("An answer ended without saying how.")
        message = Answer(self._text(thought=False), self._text(thought=True) or None)
        reason = REASONS[self._finished.reason]
        return Completion(
            id=_id(),
            created=int(time.time()),
            model=self._asked.model,
            choices=(Choice(message, self._logprobs(), reason),),
            usage=Usage.of(self._finished.usage, self._finished.drafting),
            seed=self._finished.seed,
        )

    def _text(self, *, thought: bool) -> str:
        return "".join(delta.text for delta in self._deltas if _is_thought(delta) == thought)

    def _logprobs(self) -> Logprobs | None:
        if not self._asked.logprobs:
            return None
        tokens = [token for delta in self._deltas for token in delta.tokens]
        return Logprobs(_rows(tokens, thought=False), _rows(tokens, thought=True) or None)


class Chunks:
    """Turns the events of one request into chunks, one by one."""

    def __init__(self, asked: ChatRequest) -> None:
        self._asked = asked
        self._id = _id()
        self._created = int(time.time())
        options = asked.stream_options
        self._tells_usage = options is not None and bool(options.include_usage)

    def first(self) -> Chunk:
        """Says who speaks."""
        return self._chunk(ChunkChoice(AnswerDelta(role="assistant", content="")))

    def of(self, event: Event) -> Iterator[Chunk]:
        """What the event adds; nothing where a client would see nothing."""
        if isinstance(event, Delta):
            logprobs = self._logprobs(event.tokens)
            if event.text or logprobs is not None:
                yield self._chunk(ChunkChoice(_added(event), logprobs))
        elif isinstance(event, Finished):
            end = ChunkChoice(AnswerDelta(), finish_reason=REASONS[event.reason])
            yield structs.replace(self._chunk(end), seed=event.seed)
            if self._tells_usage:
                yield structs.replace(self._chunk(), usage=Usage.of(event.usage, event.drafting))

    def _logprobs(self, tokens: Sequence[TokenRecord]) -> Logprobs | None:
        if not self._asked.logprobs:
            return None
        content, thought = _rows(tokens, thought=False), _rows(tokens, thought=True)
        return Logprobs(content or None, thought or None) if content or thought else None

    def _chunk(self, *choices: ChunkChoice) -> Chunk:
        return Chunk(
            id=self._id,
            created=self._created,
            model=self._asked.model,
            choices=choices,
            usage=None if self._tells_usage else UNSET,
        )


def _added(delta: Delta) -> AnswerDelta:
    if _is_thought(delta):
        return AnswerDelta(reasoning_content=delta.text)
    return AnswerDelta(content=delta.text)


def _rows(tokens: Sequence[TokenRecord], *, thought: bool) -> tuple[TokenLogprob, ...]:
    """The tokens that a client sees as text: markers and what a stop text hides have no span."""
    return tuple(
        TokenLogprob.of(token)
        for token in tokens
        if token.end > token.start and _is_thought(token) == thought
    )


def _is_thought(part: Delta | TokenRecord) -> bool:
    return part.channel is Channel.REASONING


def _id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
