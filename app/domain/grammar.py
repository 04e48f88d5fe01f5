"""The form that an answer is held to."""

from enum import StrEnum

import msgspec
from msgspec import Struct

from app.errors import InvalidRequest


class GrammarKind(StrEnum):
    """How a form is written down."""

    JSON = "json"
    JSON_SCHEMA = "json_schema"
    REGEX = "regex"
    LARK = "lark"


class Grammar(Struct, frozen=True):
    """What an answer has to look like; `text` is the schema, expression or grammar, none for JSON,
    which is an object of any shape.

    It binds the answer, not the thought before it.
    """

    kind: GrammarKind
    text: str = ""


def json_schema(text: str) -> Grammar:
    """The form that a JSON schema, an object, describes.

    Raises:
        InvalidRequest: the text is no JSON object.
    """
    try:
        msgspec.json.decode(text.encode(), type=dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.DecodeError) else "it is no usable text"
        raise InvalidRequest(f"The JSON schema cannot be read: {reason}.") from error
    return Grammar(GrammarKind.JSON_SCHEMA, text)
