"""Questions about the app: topics, answers and hand-written phrasings from `help/*.txt`.

The held-out lines were chosen by place (the fifth and tenth written), before any training.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .conversation import Conversation, Turn
from .paraphrase import paraphrase
from .phrasebook import read_blocks, read_forms
from .problem import effort_of, system_of
from .source import Forms, Source

FOLDER = Path(__file__).parent / "help"
FORMS = read_forms("help_topics")


@dataclass(frozen=True, slots=True)
class Topic:
    """`title` is what a trace calls the topic."""

    key: str
    terms: tuple[str, ...]
    answer: str
    forms: Forms

    @property
    def title(self) -> str:
        return self.terms[0]


@cache
def topics() -> tuple[Topic, ...]:
    """All topics, in the order of the files."""
    return tuple(
        Topic(block.key, block.terms, block.answers[0], block.forms)
        for file in sorted(FOLDER.glob("*.txt"))
        for block in read_blocks(file)
    )


def help_question(source: Source) -> Conversation:
    """A question about the app and its one answer."""
    topic = source.pick(topics())
    if source.chance(0.12):
        question = source.phrasing(FORMS["composed"]).format(t=source.pick(topic.terms))
    else:
        question = source.phrasing(topic.forms)
    return help_conversation(topic, paraphrase(question, source), source)


def help_conversation(topic: Topic, question: str, source: Source) -> Conversation:
    """A question about this topic in exactly these words."""
    effort = effort_of(source, high=0.4, low=0.1)
    return Conversation(
        family="help",
        key=topic.key,
        turns=(Turn("user", question), Turn("assistant", topic.answer, trace_of(topic, effort))),
        effort=effort,
        system=system_of(source),
        accepted=(topic.answer,),
    )


def trace_of(topic: Topic, effort: str) -> str:
    """A trace only names the topic: there is nothing to work out."""
    return {"high": f"The question is about {topic.title}.", "low": topic.title}.get(effort, "")
