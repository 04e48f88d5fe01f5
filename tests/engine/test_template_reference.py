"""Chat templates give byte for byte what the field's reference implementation gives.

The other side is a Jinja environment of its own, set up as the documentation of transformers says:
immutable sandbox, trimmed blocks, loop controls, a generation tag, and its filters and globals.
"""

import json
from datetime import datetime
from itertools import product
from typing import Any

import jinja2
import pytest
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.engine.text.template import ChatTemplate
from app.errors import InvalidRequest
from tests.engine.templates import CONVERSATIONS, TEMPLATES, TOOLS, VARIABLES

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


class Generation(Extension):
    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller: Any) -> str:
        return caller()


def reference(source: str, **values: Any) -> str | None:
    """The prompt, None where the template refuses or fails."""

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(x: Any, ensure_ascii=False, indent=None, separators=None, sort_keys=False) -> str:
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                          sort_keys=sort_keys)  # fmt: skip

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda pattern: datetime.now().strftime(pattern)
    try:
        return environment.from_string(source).render(**values)
    except (jinja2.TemplateError, TypeError):
        return None


def ours(template: ChatTemplate, messages: Any, tools: Any, variables: Any) -> str | None:
    try:
        return template.fill(template.all_values(messages, tools, variables))
    except InvalidRequest as error:
        return None if "chat template" in str(error) and "no variable" not in str(error) else "?"


def normalised(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As transformers does: no nulls, and a thought under each of its names."""
    found = []
    for message in messages:
        given = {name: value for name, value in message.items() if value is not None}
        for name in ("reasoning_content", "thinking", "reasoning"):
            if name in given:
                thought = given[name]
                given.setdefault("thinking", thought)
                given["reasoning_content"] = thought
                break
        found.append(given)
    return found


@pytest.mark.parametrize("family", TEMPLATES)
def test_every_prompt_is_the_references(family: str, subtests: pytest.Subtests) -> None:
    template = ChatTemplate(TEMPLATES[family], SPECIAL)
    readable = {*template._variables, "add_generation_prompt"}
    prompts = set()
    for conversation, tools, chosen in product(CONVERSATIONS, (None, TOOLS), VARIABLES):
        variables = {k: v for k, v in VARIABLES[chosen].items() if k in readable}
        messages = CONVERSATIONS[conversation]
        values = {"documents": None, "add_generation_prompt": True, **SPECIAL, **variables}
        expected = reference(
            TEMPLATES[family], messages=normalised(messages), tools=tools, **values
        )
        found = ours(template, messages, tools, variables)
        if found != expected:
            with subtests.test(f"{conversation}, {chosen}, {'tools' if tools else 'no tools'}"):
                assert found == expected
        prompts.add(found)
    assert len(prompts) > 10


def test_the_switches_of_each_family_are_found() -> None:
    found = {
        family: (report.reasoning_switch, report.effort_switch, report.variables)
        for family, source in TEMPLATES.items()
        if (report := ChatTemplate(source, SPECIAL).report())
    }
    assert found == {
        "thinking": ("enable_thinking", None, ()),
        "headers": (None, None, ("custom_tools", "date_string", "tools_in_user_message")),
        "alternating": (None, None, ()),
        "instructing": (None, None, ()),
        "generating": ("enable_thinking", None, ("xml_tools",)),
        "keeping": (None, None, ()),
        "typing": (None, "reasoning_effort", ("builtin_tools",)),
    }
    keeping = ChatTemplate(TEMPLATES["keeping"], SPECIAL).report()
    assert keeping.history_switch == "preserve_thinking"
    assert ChatTemplate(TEMPLATES["typing"], SPECIAL).effort_levels == ("low", "medium", "high")


def test_the_formats_of_each_family_are_recognised() -> None:
    found = {
        family: (report.reasoning_format, report.tool_format)
        for family, source in TEMPLATES.items()
        if (report := ChatTemplate(source, SPECIAL).report())
    }
    assert found == {
        "thinking": ("<think>", "Hermes"),
        "headers": ("", "Llama JSON"),
        "alternating": ("", ""),
        "instructing": ("", "Mistral"),
        "generating": ("<think>", ""),
        "keeping": ("<think>", "LFM2"),
        "typing": ("harmony channels", "harmony"),
    }


def test_tools_choose_their_own_template() -> None:
    template = ChatTemplate("plain", SPECIAL, tool_source="with {{ tools | length }}")
    assert template.fill(template.all_values([], None, {})) == "plain"
    assert template.fill(template.all_values([], TOOLS, {})) == "with 2"
