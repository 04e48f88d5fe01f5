"""What a chat request may hold: names and types, checked at once and without exception.

A name that is not here is refused, whether OpenAI knows it or not, so that no client believes in
a setting that does nothing.
"""

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from app.api.refusals import Refusal, invalid
from app.domain.sampling import SamplerStage

NOT_YET = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "metadata",
        "modalities",
        "moderation",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "tool_choice",
        "tools",
        "user",
        "verbosity",
        "web_search_options",
    }
)
"""Parameters of OpenAI's that would do nothing here."""

_WHERE = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


class TextPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a message; only text is understood."""

    type: Literal["text"]
    text: str


Content = str | tuple[TextPart, ...]


class Said(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role"):
    """A message of the conversation so far; the role is its tag."""

    content: Content


class SystemSaid(Said, frozen=True, tag="system"):
    """How the model shall behave."""


class DeveloperSaid(Said, frozen=True, tag="developer"):
    """The same under OpenAI's newer name."""


class UserSaid(Said, frozen=True, tag="user"):
    """What a person asks."""


class AssistantSaid(Said, frozen=True, tag="assistant"):
    """An earlier answer, as the server gave it."""

    reasoning_content: str | None = None
    refusal: None = None


class TextFormat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    """An answer of any form."""


class JsonObjectFormat(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_object"
):
    """An answer that is some JSON object."""


class NamedSchema(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON schema; it always holds, whether `strict` asks for that or not."""

    name: str
    schema: dict[str, Any]
    strict: bool | None = None


class JsonSchemaFormat(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_schema"
):
    """An answer that fits a JSON schema."""

    json_schema: NamedSchema


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


class StreamOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stream tells besides its text."""

    include_usage: bool | None = None


class ChatRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request for a chat completion; None is what was not given."""

    model: str
    messages: tuple[SystemSaid | DeveloperSaid | UserSaid | AssistantSaid, ...]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | tuple[str, ...] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    reasoning_budget: int | None = None
    chat_template_kwargs: dict[str, str | bool | int | float] | None = None
    draft: Literal["off", "auto", "lookup"] | None = None
    draft_tokens: int | None = None
    seed: int | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[int, float] | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    xtc_probability: float | None = None
    xtc_threshold: float | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: int | None = None
    dry_range: int | None = None
    dry_sequence_breakers: tuple[str, ...] | None = None
    sampler_order: tuple[SamplerStage, ...] | None = None


def chat_request(given: dict[str, Any]) -> ChatRequest:
    """The request that a JSON object states.

    Raises:
        Refusal: a name is unknown, or a value is missing or not of its type; it says which.
    """
    for name in given:
        if name not in ChatRequest.__struct_fields__:
            raise _unknown(name)
    try:
        return msgspec.convert(given, ChatRequest, str_keys=True)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from error


def _unknown(name: str) -> Refusal:
    if name in NOT_YET:
        message = f"{name} is not supported by this server; leave it out."
        return invalid(name, message, "unsupported_parameter")
    return invalid(name, f'There is no parameter "{name}".', "unknown_parameter")


def _misfit(said: str) -> Refusal:
    """msgspec says what is wrong and, behind "at", the path to it."""
    found = _WHERE.fullmatch(said)
    what, path = (found["what"], found["path"] or "") if found else (said, "")
    path = path.removesuffix("[...]")
    if field := _FIELD.fullmatch(what):
        param = f"{path}.{field['name']}".lstrip(".")
        if "missing" in field[1]:
            return invalid(param, f"{param} is missing.", "missing_required_parameter")
        return invalid(param, f"{param} is not supported; leave it out.", "unknown_parameter")
    return invalid(path or None, f"{path} cannot be used: {what[:1].lower()}{what[1:]}.")
