"""A question after the turns before it as a request to the engine."""

from app.domain.conversation import AnswerOptions, Turn, history
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate
from app.errors import InvalidRequest


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
    )


def require_unicode(text: str) -> None:
    """Half a surrogate pair, which a broken clipboard can hold, is no text for file or model."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "The question holds characters that are no text."
        raise InvalidRequest(message, "Write or paste it again.") from None
