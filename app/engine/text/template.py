"""Messages to prompt text by the model's own chat template.

What the template sees is what the field's reference implementation passes; a renderer runs it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from app.domain.inspection import TemplateReport
from app.domain.messages import Message
from app.engine.text import formats, jinja, thinking
from app.errors import InvalidRequest

_REASONING_FIELDS = ("reasoning_content", "thinking", "reasoning")
_OURS = ("messages", "tools", "documents", "add_generation_prompt")

Variables = Mapping[str, Any]
Json = Mapping[str, Any]


class Renderer(Protocol):
    """Runs templates; the worker has one that no template can hurt."""

    def read(self, source: str) -> jinja.Facts:
        """What a template reads, or ModelDamaged where it is none."""
        ...

    def fill(self, source: str, values: Mapping[str, Any]) -> str:
        """The text that a template makes of `values`, or InvalidRequest."""
        ...


class ChatTemplate:
    """A chat template.

    `reasoning_switch` and `effort_switch` name the template's own variables for thinking, None
    where it reads none, `history_switch` the one that keeps or drops earlier thoughts; `format` is
    how the model writes thoughts and calls.

    Args:
        source: the Jinja text.
        special_tokens: name and text of the tokenizer's special tokens, such as `bos_token`.
        tool_source: another text, used where there are tools.
        renderer: what runs the texts, this very process if it is not given.

    Raises:
        ModelDamaged: a text is not a template.
    """

    def __init__(
        self,
        source: str,
        special_tokens: Mapping[str, str],
        tool_source: str | None = None,
        renderer: Renderer = jinja,
    ) -> None:
        self._source = source
        self._tool_source = source if tool_source is None else tool_source
        self._renderer = renderer
        self._special_tokens = dict(special_tokens)
        self._reads = {name for each in self._sources() for name in renderer.read(each).reads}
        self._variables = self._reads - set(_OURS) - set(special_tokens)
        self.format = formats.written("\n".join(self._sources()))
        self.reasoning_switch = thinking.switch(self._variables, self._try)
        self.effort_switch = thinking.effort(self._variables)
        self.history_switch = thinking.history(self._variables)

    def render(
        self, messages: Sequence[Message], *, reasoning: bool | None, variables: Variables
    ) -> str:
        """The prompt of a conversation, open for the assistant's next turn.

        Raises:
            InvalidRequest: the template does not read one of `variables`, has no switch for
                `reasoning`, or refuses the messages.
        """
        return self.fill(self.values(messages, reasoning, variables))

    def values(
        self, messages: Sequence[Message], reasoning: bool | None, variables: Variables
    ) -> Json:
        """What the template is filled with for a conversation.

        Raises:
            InvalidRequest: as for `render`, but for a refusal of the messages.
        """
        given = self._with_reasoning(reasoning, variables)
        return self.all_values([_as_mapping(each) for each in messages], None, given)

    def all_values(
        self, messages: Sequence[Json], tools: Sequence[Json] | None, variables: Variables
    ) -> Json:
        """What the template is filled with, for messages with any fields.

        Fields that are null count as absent, and a thought is known by each name in use.

        Raises:
            InvalidRequest: the template does not read one of `variables`.
        """
        self._check(variables)
        values = {"messages": [_complete(each) for each in messages], "tools": tools}
        defaults = {"documents": None, "add_generation_prompt": True}
        return {**self._special_tokens, **defaults, **values, **variables}

    def fill(self, values: Json) -> str:
        """The prompt that the template makes of its values.

        Raises:
            InvalidRequest: it refuses them, or fails.
        """
        source = self._source if values["tools"] is None else self._tool_source
        return self._renderer.fill(source, values)

    @cached_property
    def effort_levels(self) -> tuple[str, ...]:
        """The efforts low, medium and high, as far as the template tells them apart."""
        return thinking.levels(self.effort_switch, self._try)

    @property
    def reasoning_format(self) -> str:
        """The name of the way in which thoughts are written; empty where it tells of none."""
        return formats.reasoning("\n".join(self._sources()))

    def report(self) -> TemplateReport:
        """What the template reads and writes."""
        text = "\n".join(self._sources())
        switches = {self.reasoning_switch, self.effort_switch, self.history_switch}
        return TemplateReport(
            reasoning_switch=self.reasoning_switch,
            effort_switch=self.effort_switch,
            variables=tuple(sorted(self._variables - switches)),
            takes_tools="tools" in self._reads,
            takes_documents="documents" in self._reads,
            reasoning_format=self.reasoning_format,
            effort_levels=self.effort_levels,
            history_switch=self.history_switch,
            tool_format=formats.tools(text),
        )

    def _try(self, variables: Variables) -> str:
        return self.fill(self.all_values([{"role": "user", "content": "Hi"}], None, variables))

    def _sources(self) -> set[str]:
        return {self._source, self._tool_source}

    def _check(self, variables: Variables) -> None:
        allowed = self._variables | set(_OURS[2:])
        unknown = [name for name in variables if name not in allowed]
        if unknown:
            readable = ", ".join(sorted(self._variables)) or "none"
            raise InvalidRequest(
                f'The model\'s chat template has no variable "{unknown[0]}".',
                f"It reads: {readable}.",
            )

    def _with_reasoning(self, reasoning: bool | None, variables: Variables) -> Variables:
        self._check(variables)
        if reasoning is None:
            return variables
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


def _as_mapping(message: Message) -> Json:
    given = {"role": message.role.value, "content": message.content}
    return given | ({"reasoning_content": message.reasoning} if message.reasoning else {})


def _complete(message: Json) -> Json:
    given = {name: value for name, value in message.items() if value is not None}
    thought = next((given[name] for name in _REASONING_FIELDS if name in given), None)
    if thought is None:
        return given
    return {"thinking": thought, **given, "reasoning_content": thought}
