"""What the server answers, as values: OpenAI's objects with the fields that mean something here.

Beyond OpenAI's there are `reasoning_content` beside each `content`, the `id` of each token, and the
`seed` that draws the same answer again.
"""

from typing import Literal, Self

from msgspec import UNSET, Struct, UnsetType

from app.domain.drafting import DraftReport
from app.domain.events import FinishReason
from app.domain.events import Usage as Counts
from app.domain.tokens import LEAST_LOGPROB, Candidate, TokenRecord

REASONS = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT: "length",
    FinishReason.CANCELLED: "cancelled",
}


class TopLogprob(Struct, frozen=True):
    """One of the likeliest tokens; `bytes` None for a control token, `logprob` in nats."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None
    id: int

    @classmethod
    def of(cls, token: Candidate) -> Self:
        """The candidate in this form."""
        return cls(token.text, max(token.logprob, LEAST_LOGPROB), _bytes(token.data), token.id)


class TokenLogprob(Struct, frozen=True):
    """A token of the answer and the likeliest ones in its place; raw, before any sampling."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None
    id: int
    top_logprobs: tuple[TopLogprob, ...]

    @classmethod
    def of(cls, token: TokenRecord) -> Self:
        """The token in this form."""
        logprob = LEAST_LOGPROB if token.logprob is None else max(token.logprob, LEAST_LOGPROB)
        top = tuple(map(TopLogprob.of, token.top))
        return cls(token.text, logprob, _bytes(token.data), token.id, top)


class Logprobs(Struct, frozen=True):
    """The tokens behind `content`, and those behind `reasoning_content`."""

    content: tuple[TokenLogprob, ...] | None
    reasoning_content: tuple[TokenLogprob, ...] | None
    refusal: None = None


class PromptDetails(Struct, frozen=True):
    """How much of the prompt the model had in its cache."""

    cached_tokens: int


class CompletionDetails(Struct, frozen=True):
    """How much of the completion was thought, and what became of drafted tokens, if there were."""

    reasoning_tokens: int
    accepted_prediction_tokens: int | UnsetType = UNSET
    rejected_prediction_tokens: int | UnsetType = UNSET


class Usage(Struct, frozen=True):
    """Tokens read and generated."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails

    @classmethod
    def of(cls, counts: Counts, report: DraftReport | None = None) -> Self:
        """The engine's counts in this form, those of drafts where it drafted."""
        details = CompletionDetails(counts.reasoning_tokens)
        if report is not None:
            rejected = report.proposed - report.kept
            details = CompletionDetails(counts.reasoning_tokens, report.kept, rejected)
        return cls(
            counts.prompt_tokens,
            counts.completion_tokens,
            counts.prompt_tokens + counts.completion_tokens,
            PromptDetails(counts.cached_tokens),
            details,
        )


class Answer(Struct, frozen=True):
    """The message of the model; `reasoning_content` None where it did not think."""

    content: str
    reasoning_content: str | None
    refusal: None = None
    role: Literal["assistant"] = "assistant"


class Choice(Struct, frozen=True):
    """The one answer of a completion."""

    message: Answer
    logprobs: Logprobs | None
    finish_reason: str
    index: int = 0


class Completion(Struct, frozen=True, kw_only=True):
    """A whole answer; `created` is in Unix seconds."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    seed: int | None


class AnswerDelta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds to the message."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str | None = None


class ChunkChoice(Struct, frozen=True):
    """What a chunk adds to the answer; the last one has a reason."""

    delta: AnswerDelta
    logprobs: Logprobs | None = None
    finish_reason: str | None = None
    index: int = 0


class Chunk(Struct, frozen=True, kw_only=True):
    """One event of a streamed answer.

    `usage` comes alone, in a last one without choices, to clients that asked for it; the chunk
    that ends the answer has its `seed`.
    """

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: Usage | UnsetType | None = UNSET
    seed: int | UnsetType | None = UNSET


class Model(Struct, frozen=True, kw_only=True):
    """A model that can be asked; `created` is when the server was started, in Unix seconds."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["local"] = "local"
    context_length: int


class ModelList(Struct, frozen=True):
    """All models that can be asked."""

    data: tuple[Model, ...]
    object: Literal["list"] = "list"


def _bytes(data: bytes) -> tuple[int, ...] | None:
    return tuple(data) or None
