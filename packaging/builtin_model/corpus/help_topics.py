"""Questions about the app: topics, answers and hand-written phrasings from `help/*.txt`.

The held-out lines were written by someone who knew the answers only, and never tuned to.
"""

from __future__ import annotations

import re
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
    """`terms` are nouns that name the topic, `actions` what a person may want to do."""

    key: str
    terms: tuple[str, ...]
    actions: tuple[str, ...]
    answer: str
    forms: Forms

    @property
    def title(self) -> str:
        """What a trace calls the topic."""
        return self.terms[0]


@cache
def topics() -> tuple[Topic, ...]:
    """All topics, in the order of the files."""
    return tuple(
        Topic(block.key, block.terms, block.actions, block.answers[0], block.forms)
        for file in sorted(FOLDER.glob("*.txt"))
        for block in read_blocks(file)
    )


def help_question(source: Source) -> Conversation:
    """A question about the app and its one answer; never a held-out phrasing in training."""
    topic = source.pick(topics())
    question = _question(topic, source)
    while not source.held_out and plain(question) in held_out_phrasings():
        question = _question(topic, source)
    return help_conversation(topic, question, source)


def composed(topic: Topic, source: Source) -> str:
    """A question made of a frame and one of the topic's nouns or actions."""
    if source.chance(0.5):
        return source.phrasing(FORMS["noun"]).format(t=source.pick(topic.terms))
    return source.phrasing(FORMS["verb"]).format(t=source.pick(topic.actions))


def plain(text: str) -> str:
    """Small letters and digits only."""
    return " ".join(re.findall(r"[a-z0-9+*/-]+", text.lower()))


@cache
def held_out_phrasings() -> frozenset[str]:
    """All held-out hand-written questions."""
    return frozenset(plain(form) for topic in topics() for form in topic.forms.held_out)


def _question(topic: Topic, source: Source) -> str:
    made = composed(topic, source) if source.chance(0.3) else source.phrasing(topic.forms)
    return paraphrase(made, source)


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
