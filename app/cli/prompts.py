"""Messages and options as a prompt for the model's chat template."""

from collections.abc import Sequence
from typing import Any

from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.reasoning import Asked, Effort, asked
from app.domain.requests import ChatPrompt


def chat_prompt(
    info: ModelInfo, messages: Sequence[Message], options: dict[str, Any]
) -> ChatPrompt:
    """The messages after the system message, with the template's switches as the options say.

    Raises:
        InvalidRequest: the model does not reason.
    """
    system = options["system"]
    before = (Message(role=Role.SYSTEM, content=system),) if system is not None else ()
    found = thinking(info, options)
    return ChatPrompt((*before, *messages), found.reasoning, found.variables)


def thinking(info: ModelInfo, options: dict[str, Any]) -> Asked:
    """What the options on reasoning mean for a model.

    Raises:
        InvalidRequest: the model does not reason.
    """
    effort = options.get("reasoning")
    return asked(
        info,
        None if effort is None else Effort(effort),
        options.get("reasoning_budget"),
        options.get("reasoning_closing"),
    )
