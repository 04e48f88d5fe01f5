"""A chat request's messages and its wishes about thinking, as a prompt for the model's template."""

from app.api.refusals import invalid
from app.api.schema import AssistantSaid, ChatRequest, Content, DeveloperSaid, Said, SystemSaid
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.requests import ChatPrompt

EFFORTS = ("none", "low", "medium", "high")

Variables = dict[str, str | bool | int | float]


def chat_prompt(asked: ChatRequest, info: ModelInfo) -> ChatPrompt:
    """The prompt of `asked` for the template of the model `info`.

    Raises:
        Refusal: the template has no switch for the effort, or it is set twice.
    """
    return ChatPrompt(
        messages=tuple(map(_message, asked.messages)),
        reasoning=_reasoning(asked.reasoning_effort, info),
        variables=_variables(asked, info),
    )


def _reasoning(effort: str | None, info: ModelInfo) -> bool | None:
    """Whether to think; None leaves it to the template."""
    if effort == "none" and info.reasoning_switch is None:
        raise invalid("reasoning_effort", "This model's reasoning cannot be turned off.")
    if effort is None or info.reasoning_switch is None:
        return None
    return effort != "none"


def _variables(asked: ChatRequest, info: ModelInfo) -> Variables:
    given, effort = asked.chat_template_kwargs or {}, asked.reasoning_effort
    if effort is None or effort == "none":
        return given
    switch = info.effort_switch
    if switch is None:
        end = ', or turn reasoning off with "none".' if info.reasoning_switch else "."
        message = f"This model has no reasoning effort to set; leave reasoning_effort out{end}"
        raise invalid("reasoning_effort", message)
    if given.get(switch, effort) != effort:
        raise invalid("reasoning_effort", f"chat_template_kwargs sets {switch} differently.")
    return {**given, switch: effort}


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
