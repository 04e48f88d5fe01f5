"""The held-out questions, and the rule by which an answer is right.

An answer is right when the text after the trace is exactly an accepted answer; a tool call when
its JSON has the same name and arguments.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from math import exp
from typing import Any

from ..corpus.conversation import Conversation, Effort
from ..corpus.help_topics import composed, help_conversation, topics
from ..corpus.mixture import TASKS, draw
from ..corpus.problem import converse
from ..corpus.source import Source
from ..render import prompt_of
from .decoding import Completion, Runner

TRAINED = 60_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked. `probability` is that of the whole completion."""

    conversation: Conversation
    answer: str
    right: bool
    probability: float
    prompt: list[int]
    completion: Completion


def ask(runner: Runner, chats: list[Conversation], limit: int = 420) -> list[Outcome]:
    """Asks every chat's last question, greedily."""
    prompts = [runner.encode(prompt_of(chat)) for chat in chats]
    completions = runner.complete(prompts, limit)
    return [_outcome(runner, *item) for item in zip(chats, prompts, completions, strict=True)]


def share_right(outcomes: list[Outcome]) -> float:
    """From 0 to 1."""
    return sum(outcome.right for outcome in outcomes) / len(outcomes)


def answer_of(text: str) -> str:
    """What stands after the trace."""
    return text.split("</think>")[-1].strip()


def tool_call_of(answer: str) -> Any:
    """The call in an answer, or None."""
    found = re.fullmatch(r"<tool_call>\n(.*)\n</tool_call>", answer, re.DOTALL)
    return _parsed(found.group(1)) if found else None


def is_json(answer: str) -> bool:
    """Whether the answer is valid JSON."""
    return _parsed(answer) is not None


def draws(family: str, count: int, effort: Effort | None = None) -> list[Conversation]:
    """Held-out chats of a family; no two alike."""
    source = Source(f"evaluate {family} {effort}", held_out=True)
    found: dict[str, Conversation] = {}
    for _ in range(20 * count):
        chat = draw(source, family)
        chat = chat if effort is None else replace(chat, effort=effort)
        found.setdefault(identity(chat), chat)
        if len(found) == count:
            break
    return unseen(list(found.values()))


def problems(task: str, size: int, count: int, effort: Effort) -> list[Conversation]:
    """Problems of one size with numbers and words never trained on, in the trained phrasings."""
    source = Source(f"evaluate {task} {size}", held_out=True, trained_phrasings=True)
    make, _, _ = TASKS[task]
    return unseen([converse(make(source, size), source, effort) for _ in range(count)])


def help_questions(effort: Effort, *, written: bool) -> list[Conversation]:
    """The held-out written questions on every topic, or as many composed in unseen frames."""
    source = Source(f"evaluate help {effort} {written}", held_out=True)
    asked = [
        help_conversation(topic, form if written else composed(topic, source), source)
        for topic in topics()
        for form in topic.forms.held_out
    ]
    return unseen([replace(chat, effort=effort) for chat in asked])


def unseen(chats: list[Conversation]) -> list[Conversation]:
    """The chats whose question never comes up in `TRAINED` training chats.

    Typing habits can turn a held-out phrasing into one trained on ("first steps"): those go.
    """
    trained = trained_identities()
    return [chat for chat in chats if identity(chat) not in trained]


@cache
def trained_identities() -> frozenset[str]:
    """The questions of many training chats."""
    source = Source("overlap")
    return frozenset(identity(draw(source)) for _ in range(TRAINED))


def identity(chat: Conversation) -> str:
    """All a user wrote in a chat, letters and digits only: what must not be in both halves."""
    text = "\n".join(turn.content for turn in chat.turns if turn.role == "user")
    plain = re.sub(r"[^\w\n+*/-]+", " ", text.lower()).strip()
    return f"{'with tools ' if chat.tools else ''}{plain}"


def require_unseen(chats: list[Conversation]) -> None:
    """Raises AssertionError when a question is also trained on."""
    seen = [identity(chat) for chat in chats if identity(chat) in trained_identities()]
    assert not seen, f"Held-out questions that are also trained on: {seen[:5]}"


def _outcome(
    runner: Runner, chat: Conversation, prompt: list[int], completion: Completion
) -> Outcome:
    answer = answer_of(runner.decode(completion.ids))
    if "call" in chat.facts:
        right = tool_call_of(answer) == chat.facts["call"]
    else:
        right = answer in chat.accepted
    return Outcome(chat, answer, right, _probability(completion), prompt, completion)


def _probability(completion: Completion) -> float:
    return exp(sum(completion.logprobs))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
