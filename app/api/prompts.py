"""A chat request's messages and its wishes about thinking, as a prompt for the model's template."""

from app.api.refusals import invalid
from app.api.schema import AssistantSaid, ChatRequest, Content, DeveloperSaid, Said, SystemSaid
from app.domain import reasoning
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.reasoning import Asked, Effort
from app.domain.requests import ChatPrompt
from app.errors import InvalidRequest

EFFORTS = {"none": Effort.OFF, "low": Effort.LOW, "medium": Effort.MEDIUM, "high": Effort.HIGH}


def chat_prompt(asked: ChatRequest, info: ModelInfo) -> ChatPrompt:
    """The prompt of `asked` for the template of the model `info`.

    Raises:
        Refusal: the model does not reason, or its effort is set twice.
    """
    found = thinking(asked, info)
    given = asked.chat_template_kwargs or {}
    for name, value in found.variables.items():
        if given.get(name, value) != value:
            message = f"chat_template_kwargs sets {name} differently."
            raise invalid("reasoning_effort", message)
    messages = tuple(map(_message, asked.messages))
    return ChatPrompt(messages, found.reasoning, {**given, **found.variables})


def thinking(asked: ChatRequest, info: ModelInfo) -> Asked:
    """What the request's effort and budget mean for a model.

    Raises:
        Refusal: the model does not reason.
    """
    effort, budget = asked.reasoning_effort, asked.reasoning_budget
    try:
        return reasoning.asked(info, None if effort is None else EFFORTS[effort], budget)
    except InvalidRequest as error:
        param = "reasoning_budget" if effort is None else "reasoning_effort"
        raise invalid(param, str(error)) from error


def _message(said: Said) -> Message:
    match said:
        case SystemSaid() | DeveloperSaid():
            return Message(Role.SYSTEM, _text(said.content))
        case AssistantSaid():
            return Message(Role.ASSISTANT, _text(said.content), said.reasoning_content or "")
        case _:
            return Message(Role.USER, _text(said.content))


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content)
