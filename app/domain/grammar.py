"""The form that an answer is held to."""

from enum import StrEnum

from msgspec import Struct


class GrammarKind(StrEnum):
    """How a form is written down."""

    JSON = "json"
    JSON_SCHEMA = "json_schema"
    REGEX = "regex"
    LARK = "lark"


class Grammar(Struct, frozen=True):
    """What an answer has to look like; `text` is the schema, expression or grammar, none for JSON.

    It binds the answer, not the thought before it.
    """

    kind: GrammarKind
    text: str = ""
