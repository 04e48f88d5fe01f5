"""Messages and options as a prompt for the model's chat template."""

from collections.abc import Sequence
from typing import Any

from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.requests import ChatPrompt
from app.errors import InvalidRequest


def chat_prompt(
    info: ModelInfo, messages: Sequence[Message], options: dict[str, Any]
) -> ChatPrompt:
    """The messages after the system message, with the template's switches as the options say.

    Raises:
        InvalidRequest: the model's template has no effort to set.
    """
    system = options["system"]
    before = (Message(role=Role.SYSTEM, content=system),) if system is not None else ()
    return ChatPrompt(
        messages=(*before, *messages),
        reasoning=None if options["reasoning"] is None else options["reasoning"] == "on",
        variables=_effort(info, options["effort"]),
    )


def _effort(info: ModelInfo, effort: str | None) -> dict[str, str | bool | int | float]:
    if effort is None:
        return {}
    if info.effort_switch is None:
        raise InvalidRequest("This model has no reasoning effort to set.", "Leave out --effort.")
    return {info.effort_switch: effort}
