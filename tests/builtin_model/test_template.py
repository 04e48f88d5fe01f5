"""The chat template that ships with the model, rendered as chat programs render it."""

from __future__ import annotations

from typing import Any

import pytest
from builtin_model.corpus.calculator import CALCULATOR
from builtin_model.corpus.mixture import draw
from builtin_model.corpus.source import Source
from builtin_model.render import split_text, template

Message = dict[str, Any]
USER: Message = {"role": "user", "content": "Hi"}
ASSISTANT: Message = {"role": "assistant", "content": "Hello.", "reasoning_content": "A greeting."}


def render(*messages: Message, **options: Any) -> str:
    return template().render(messages=list(messages), **options)


def test_a_turn_and_the_start_of_the_answer() -> None:
    found = render(USER, add_generation_prompt=True)
    assert found == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_without_thinking_an_empty_trace_is_written_beforehand() -> None:
    found = render(USER, add_generation_prompt=True, enable_thinking=False)
    assert found.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_low_effort_is_said_after_the_system_prompt() -> None:
    system: Message = {"role": "system", "content": "Be brief."}
    found = render(system, USER, reasoning_effort="low")
    head = "<|im_start|>system\nBe brief.\n\nReasoning effort: low.<|im_end|>\n"
    assert found.startswith(head)
    assert "effort" not in render(system, USER, reasoning_effort="high")
    assert "effort" not in render(system, USER, reasoning_effort="low", enable_thinking=False)


def test_only_the_last_answer_keeps_its_trace() -> None:
    found = render(USER, ASSISTANT, USER, ASSISTANT)
    assert found.count("A greeting.") == 1
    assert found.endswith("<think>\nA greeting.\n</think>\n\nHello.<|im_end|>\n")


@pytest.mark.parametrize("thought", ["<think>\nOld.\n</think>\n\n", "Old.\n</think>\n"])
def test_a_trace_inside_older_content_is_dropped(thought: str) -> None:
    older: Message = {"role": "assistant", "content": f"{thought}Hello."}
    assert "Old." not in render(USER, older, USER)


def test_tools_calls_and_their_results_have_the_hermes_form() -> None:
    call = {"function": {"name": "calculator", "arguments": {"expression": "2*3"}}}
    calling: Message = {"role": "assistant", "content": "", "tool_calls": [call]}
    result: Message = {"role": "tool", "content": "6"}
    found = render(USER, calling, result, result, tools=[CALCULATOR], add_generation_prompt=True)
    assert '<tools>\n{"type": "function", "function": {"name": "calculator"' in found
    assert (
        '<tool_call>\n{"name": "calculator", "arguments": {"expression": "2*3"}}\n</tool_call>'
        in found
    )
    response = "\n<tool_response>\n6\n</tool_response>"
    assert f"<|im_start|>user{response}{response}<|im_end|>\n" in found


def test_training_text_is_the_prompt_and_what_follows_it() -> None:
    source = Source("template")
    for _ in range(300):
        prompt, answer = split_text(draw(source))
        assert prompt.endswith(("<|im_start|>assistant\n", "</think>\n\n"))
        assert answer.endswith("<|im_end|>")
        assert "<|im_start|>" not in answer
