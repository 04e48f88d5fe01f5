"""Counting letters and turning words round. Size: letters of the word."""

from __future__ import annotations

from .paraphrase import typed
from .phrasebook import PHRASES, read_forms, read_lists
from .problem import Problem
from .source import Source, is_held_out
from .words import ALL_WORDS

FORMS = read_forms("letters")
SYLLABLES = read_lists(PHRASES / "words.txt")["syllable"]


def letters(source: Source, size: int) -> Problem:
    """How many of one letter a word of this length has."""
    word = _word(source, size)
    letter = source.pick(word) if source.chance(0.8) else source.pick("abcdefghiklmnoprstuw")
    question = source.phrasing(FORMS["count"]).format(c=letter, w=word)
    running = [(char, word[: index + 1].count(letter)) for index, char in enumerate(word)]
    trace = " ".join(f"{char} {count}" for char, count in running)
    short = " ".join(word)
    answer = str(word.count(letter))
    return _problem("letters", word, typed(question, source, typos=0), answer, (trace, short), size)


def length(source: Source, size: int) -> Problem:
    """How many letters a word has."""
    word = _word(source, size)
    question = typed(source.phrasing(FORMS["length"]).format(w=word), source, typos=0)
    trace = " ".join(f"{char} {index + 1}" for index, char in enumerate(word))
    return _problem("length", word, question, str(size), (trace, " ".join(word)), size)


def reverse(source: Source, size: int) -> Problem:
    """A word written backwards."""
    word = _word(source, size)
    question = typed(source.phrasing(FORMS["reverse"]).format(w=word), source, typos=0)
    trace = f"{' '.join(word)}\n{' '.join(reversed(word))}"
    short = " ".join(reversed(word))
    return _problem("reverse", word, question, word[::-1], (trace, short), size)


def _problem(
    family: str, word: str, question: str, answer: str, traces: tuple[str, str], size: int
) -> Problem:
    return Problem(family, word, question, answer, *traces, size)


def _word(source: Source, size: int) -> str:
    known = [word for word in ALL_WORDS if len(word) == size]
    known = [word for word in known if is_held_out(word) == source.held_out]
    if known and source.chance(0.4):
        return source.pick(known)
    return source.until_ours(lambda: _invented(source, size), lambda word: word)


def _invented(source: Source, size: int) -> str:
    word = ""
    while len(word) < size:
        word += source.pick(SYLLABLES)
    return word[:size]
