"""Greetings, thanks, names and feelings: short and honest, from `phrases/small_talk.txt`."""

from __future__ import annotations

from .conversation import Conversation, Turn
from .paraphrase import typed
from .phrasebook import PHRASES, read_blocks
from .problem import effort_of, system_of
from .source import Source


def small_talk(source: Source) -> Conversation:
    """One friendly line and its answer."""
    block = source.pick(read_blocks(PHRASES / "small_talk.txt"))
    effort = effort_of(source, high=0.4, low=0.1)
    reasoning = {"high": "This is small talk.", "low": "small talk"}.get(effort, "")
    question = typed(source.phrasing(block.forms), source, typos=0.05)
    return Conversation(
        family="small_talk",
        key=block.key,
        turns=(Turn("user", question), Turn("assistant", source.pick(block.answers), reasoning)),
        effort=effort,
        system=system_of(source),
        accepted=block.answers,
    )
