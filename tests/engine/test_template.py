"""Messages to prompt text, in a sandbox that gives a template nothing to break."""

import json
from collections.abc import Sequence

import pytest

from app.domain.messages import Message, Role
from app.engine.text.template import ChatTemplate, Variables
from app.errors import InvalidRequest, ModelDamaged

CHATML = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.reasoning_content %}
        {{- '<think>' + message.reasoning_content + '</think>' }}
    {%- endif %}
    {{- message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and not enable_thinking %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- elif reasoning_effort is defined %}
        {{- 'effort: ' + reasoning_effort }}
    {%- endif %}
{%- endif %}
"""
HELLO = (Message(Role.USER, "Hello"),)


def render(
    source: str,
    messages: Sequence[Message] = HELLO,
    reasoning: bool | None = None,
    variables: Variables | None = None,
    **tokens: str,
) -> str:
    template = ChatTemplate(source, tokens)
    return template.render(messages, reasoning=reasoning, variables=variables or {})


def test_a_conversation_opens_the_assistants_turn() -> None:
    assert render(CHATML) == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"


def test_a_thought_reaches_the_template_as_reasoning_content() -> None:
    messages = (Message(Role.ASSISTANT, "4", reasoning="2+2"),)
    assert render(CHATML, messages).startswith("<|im_start|>assistant\n<think>2+2</think>4<|im_end")
    keys = "{{ messages[0].keys() | list | tojson }}"
    assert json.loads(render(keys)) == ["role", "content"]


def test_switches_are_found_in_the_templates_own_source() -> None:
    template = ChatTemplate(CHATML, {})
    assert template.reasoning_switch == "enable_thinking"
    assert template.effort_switch == "reasoning_effort"
    assert ChatTemplate("{% if thinking %}1{% endif %}", {}).reasoning_switch == "thinking"
    bare = ChatTemplate("{% set enable_thinking = 1 %}{{ messages }}{# reasoning_effort #}", {})
    assert (bare.reasoning_switch, bare.effort_switch) == (None, None)


def test_reasoning_sets_the_switch() -> None:
    assert render(CHATML, reasoning=False).endswith("<think>\n\n</think>\n\n")
    assert render(CHATML, reasoning=True).endswith("assistant\n")


def test_reasoning_without_a_switch_is_refused() -> None:
    for wanted in (True, False):
        with pytest.raises(InvalidRequest, match="cannot be switched on or off"):
            render("{{ messages[0].content }}", reasoning=wanted)


def test_a_switch_set_twice_must_agree() -> None:
    render(CHATML, reasoning=False, variables={"enable_thinking": False})
    with pytest.raises(InvalidRequest, match='"enable_thinking" contradicts'):
        render(CHATML, reasoning=True, variables={"enable_thinking": False})


def test_a_variable_reaches_the_template_or_is_refused_by_name() -> None:
    assert render(CHATML, variables={"reasoning_effort": "low"}).endswith("effort: low")
    with pytest.raises(
        InvalidRequest, match=r'no variable "effort".*enable_thinking, reasoning_ef'
    ):
        render(CHATML, variables={"effort": "low"})
    with pytest.raises(InvalidRequest, match='no variable "messages"'):
        render(CHATML, variables={"messages": "mine"})


def test_special_tokens_are_known() -> None:
    assert render("{{ bos_token }}{{ messages[0].content }}", bos_token="<s>") == "<s>Hello"


def test_tools_and_documents_are_none() -> None:
    source = "{% if tools is not none or documents is not none %}given{% endif %}"
    assert render(source) == ""


def test_json_is_not_escaped_for_web_pages() -> None:
    assert render("{{ '<é>&' | tojson }}") == '"<é>&"'
    assert render("{{ {'b': 1, 'a': 2} | tojson(indent=1, sort_keys=true) }}").startswith('{\n "a"')


def test_the_fields_extensions_are_there() -> None:
    assert render("{% generation %}{{ messages[0].content }}{% endgeneration %}!") == "Hello!"
    assert render("{% for i in range(9) %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}") == "012"  # fmt: skip  # noqa: E501
    assert len(render("{{ strftime_now('%Y-%m-%d') }}")) == 10


def test_blocks_leave_no_white_space() -> None:
    assert render("a\n  {% if true %}\nb\n  {% endif %}\nc") == "a\nb\nc"


def test_a_template_may_refuse_a_conversation() -> None:
    with pytest.raises(InvalidRequest, match="refuses this conversation: roles must alternate"):
        render("{{ raise_exception('roles must alternate') }}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ raise_exception.__globals__.os }}",
        "{{ '{0.__class__.x}'.format(messages) }}",
        "{% include 'config.json' %}",
        "{% set _ = messages.append(1) %}",
        "{{ range(100000000) | list }}",
        "{{ 1 / 0 }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ messages[0].content.missing() }}",
    ],
)
def test_a_hostile_or_broken_template_ends_in_a_sentence(source: str) -> None:
    with pytest.raises(InvalidRequest, match="chat template failed"):
        render(source)


@pytest.mark.parametrize(
    "source", ["{{ raise_exception.__globals__ }}", "{{ '{0.__class__}'.format(messages) }}"]
)
def test_the_insides_of_python_are_undefined(source: str) -> None:
    assert render(source) == ""


def test_a_text_that_is_no_template_is_damaged() -> None:
    with pytest.raises(ModelDamaged, match="chat template cannot be read: line 2"):
        ChatTemplate("fine\n{% if %}", {})
