"""What the model is asked for the next answer, what makes it, and how such a request ends."""

from app.domain.conversation import AnswerOptions, Turn, TurnState, history
from app.domain.events import FinishReason
from app.domain.messages import Message, Role
from app.domain.origin import Origin
from app.domain.requests import ChatPrompt, Generate
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost

ENDINGS = {
    FinishReason.STOP: (TurnState.FINISHED, ""),
    FinishReason.LENGTH: (TurnState.FINISHED, "Cut off: the answer reached its longest length."),
    FinishReason.CONTEXT: (
        TurnState.FINISHED,
        "Cut off: the context is full. Start a new chat to go on.",
    ),
    FinishReason.CANCELLED: (TurnState.STOPPED, "Stopped."),
}


def origin(host: EngineHost, options: AnswerOptions, given: int) -> Origin | None:
    """What makes the next answer, of which so many tokens are `given`; None without a model."""
    info, worker = host.status.model, host.worker
    if info is None or worker is None:
        return None
    return Origin(
        model=info.name,
        path=info.path,
        variant=info.variant,
        fingerprint=info.fingerprint,
        template=info.template_hash,
        device=info.device.label,
        precision=info.preparation.precision,
        kv=info.preparation.kv,
        sampling=options.sampling,
        reasoning=options.reasoning,
        variables=options.variables,
        past=options.past,
        thought=options.thought,
        max_tokens=options.max_tokens,
        grammar=options.grammar,
        given=given,
        versions=worker.versions,
        step=options.step,
    )


def generation(turns: list[Turn], options: AnswerOptions) -> Generate:
    """What the model is asked: the last of the turns, after those before it."""
    *before, question = turns
    asked = Message(role=Role.USER, content=question.text)
    return Generate(
        prompt=ChatPrompt(
            (*history(before, options.past), asked), options.reasoning, options.variables
        ),
        sampling=options.sampling,
        thought=options.thought,
        max_tokens=options.max_tokens,
        top_logprobs=options.top_logprobs,
        drafting=options.drafting,
        grammar=options.grammar,
    )


def require_unicode(text: str) -> None:
    """Half a surrogate pair, which a broken clipboard can hold, is no text for file or model."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "This holds characters that are no text."
        raise InvalidRequest(message, "Write or paste it again.") from None
