"""What a conversation is made of, before any template turns it into text."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a conversation.

    `reasoning` is an assistant's thought, kept apart from its answer; whether earlier thoughts
    reach the prompt again is for the model's chat template to say.
    """

    role: Role
    content: str
    reasoning: str = ""
