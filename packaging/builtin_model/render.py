"""Turns a conversation into the exact text of training and of use.

Both go through `template/chat_template.jinja`, the file that ships with the model, so they
cannot differ.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .corpus.conversation import Conversation

TEMPLATE = Path(__file__).parent / "template" / "chat_template.jinja"


def prompt_of(conversation: Conversation) -> str:
    """The text up to where the model starts to write its last turn."""
    return template().render(
        messages=conversation.messages(answered=False),
        add_generation_prompt=True,
        **conversation.template_options(),
    )


def split_text(conversation: Conversation) -> tuple[str, str]:
    """The prompt and what the model should write after it, up to `<|im_end|>`."""
    prompt = prompt_of(conversation)
    whole = template().render(
        messages=conversation.messages(answered=True), **conversation.template_options()
    )
    if not whole.startswith(prompt):
        raise ValueError(f"The template's prompt is no beginning of the chat: {prompt!r}")
    return prompt, whole[len(prompt) :].removesuffix("\n")


@cache
def template() -> Template:
    """The shipped template, compiled as chat programs compile it."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = _to_json
    return environment.from_string(TEMPLATE.read_text("utf-8"))


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
