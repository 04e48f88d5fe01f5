"""Messages to prompt text by the model's own chat template.

The template comes with the model, so it is somebody else's program: it runs in Jinja's immutable
sandbox, without a loader, and sees only what the field's reference implementation passes.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.domain.inspection import TemplateReport
from app.domain.messages import Message
from app.errors import InvalidRequest, ModelDamaged

_REASONING_SWITCHES = ("enable_thinking", "thinking")
_EFFORT_SWITCHES = ("reasoning_effort", "thinking_effort")
_OURS = ("messages", "tools", "documents", "add_generation_prompt")

# What Python raises where a template misuses its values.
_FAILURES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

Variables = Mapping[str, str | bool | int | float]


class ChatTemplate:
    """A parsed chat template.

    `reasoning_switch` and `effort_switch` name the template's own variables for thinking, None
    where it reads none.

    Args:
        source: the Jinja text.
        special_tokens: name and text of the tokenizer's special tokens, such as `bos_token`.

    Raises:
        ModelDamaged: the text is not a template.
    """

    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        environment = _environment()
        try:
            known = meta.find_undeclared_variables(environment.parse(source))
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise ModelDamaged(
                f"The model's chat template cannot be read: line {error.lineno}: "
                f"{str(error.message).rstrip('.')}."
            ) from error
        self.source = source
        self._special_tokens = dict(special_tokens)
        self._known = known
        self._variables = known - set(_OURS) - set(special_tokens)
        self.reasoning_switch = _first(_REASONING_SWITCHES, known)
        self.effort_switch = _first(_EFFORT_SWITCHES, known)

    def render(
        self, messages: Sequence[Message], *, reasoning: bool | None, variables: Variables
    ) -> str:
        """The prompt of a conversation, open for the assistant's next turn.

        Raises:
            InvalidRequest: the template does not read one of `variables`, has no switch for
                `reasoning`, or refuses the messages.
        """
        given = self._checked(reasoning, variables)
        try:
            return self._template.render(
                self._special_tokens,
                messages=[_as_mapping(each) for each in messages],
                tools=None,
                documents=None,
                add_generation_prompt=True,
                **given,
            )
        except _Refused as error:
            raise InvalidRequest(
                f"The model's chat template refuses this conversation: {error.message}"
            ) from error
        except _FAILURES as error:
            raise InvalidRequest(f"The model's chat template failed: {error}") from error

    def report(self) -> TemplateReport:
        """What the template reads and writes."""
        return TemplateReport(
            reasoning_switch=self.reasoning_switch,
            effort_switch=self.effort_switch,
            variables=tuple(sorted(self._variables)),
            takes_tools="tools" in self._known,
            takes_documents="documents" in self._known,
            reasoning_format="",
            tool_format="",
        )

    def _checked(self, reasoning: bool | None, variables: Variables) -> dict[str, Any]:
        unknown = [name for name in variables if name not in self._variables]
        if unknown:
            readable = ", ".join(sorted(self._variables)) or "none"
            raise InvalidRequest(
                f'The model\'s chat template has no variable "{unknown[0]}".',
                f"It reads: {readable}.",
            )
        if reasoning is None:
            return dict(variables)
        if self.reasoning_switch is None:
            raise InvalidRequest(
                "This model's reasoning cannot be switched on or off.",
                "Leave the reasoning setting at its default.",
            )
        if variables.get(self.reasoning_switch, reasoning) != reasoning:
            raise InvalidRequest(
                f'Reasoning is set twice, and "{self.reasoning_switch}" contradicts it.'
            )
        return {**variables, self.reasoning_switch: reasoning}


class _Refused(TemplateError):
    """The template called raise_exception."""


class _GenerationTag(Extension):
    """`{% generation %}` marks the assistant's text for training; it prints its body."""

    tags = {"generation"}  # noqa: RUF012 - Jinja declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationTag, LoopControlExtension],
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as models read it: Jinja's own filter escapes for web pages."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise_exception(message: str) -> NoReturn:
    raise _Refused(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


def _as_mapping(message: Message) -> dict[str, str]:
    given = {"role": message.role.value, "content": message.content}
    return given | ({"reasoning_content": message.reasoning} if message.reasoning else {})


def _first(names: Sequence[str], known: set[str]) -> str | None:
    return next((name for name in names if name in known), None)
