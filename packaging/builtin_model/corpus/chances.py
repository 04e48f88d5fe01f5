"""Draws with a known probability: coins, dice, bags. The right token probabilities are known.

A sampled answer is trained as often as its probability says, so a model that learned it spreads
its probability the same way. `facts["odds"]` holds the exact distribution.
"""

from __future__ import annotations

from .conversation import Conversation, Turn
from .paraphrase import typed
from .phrasebook import read_forms
from .source import Source
from .words import COLOURS

FORMS = read_forms("chances")


def chance(source: Source) -> Conversation:
    """A coin, a die, a digit or a bag of balls."""
    question, odds = source.pick((_coin, _die, _digit, _bag, _bag))(source)
    answer = source.random.choices(list(odds), weights=list(odds.values()))[0]
    return Conversation(
        family="chance",
        key=question,
        turns=(Turn("user", typed(question, source, typos=0.02)), Turn("assistant", answer)),
        effort="off",
        accepted=tuple(odds),
        size=len(odds),
        facts={"odds": odds},
    )


def _coin(source: Source) -> tuple[str, dict[str, float]]:
    return source.phrasing(FORMS["coin"]), {"heads": 0.5, "tails": 0.5}


def _die(source: Source) -> tuple[str, dict[str, float]]:
    return source.phrasing(FORMS["die"]), {str(face): 1 / 6 for face in range(1, 7)}


def _digit(source: Source) -> tuple[str, dict[str, float]]:
    return source.phrasing(FORMS["digit"]), {str(digit): 0.1 for digit in range(10)}


def _bag(source: Source) -> tuple[str, dict[str, float]]:
    def make() -> tuple[int, int, str, str]:
        x, y = source.random.sample(COLOURS, 2)
        return source.random.randint(1, 9), source.random.randint(1, 9), x, y

    a, b, x, y = source.until_ours(make, lambda bag: f"bag {bag}")
    question = source.phrasing(FORMS["bag"]).format(a=a, b=b, x=x, y=y)
    return question, {x: a / (a + b), y: b / (a + b)}
