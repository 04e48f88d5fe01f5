"""Makes one hand-written question into many: openers, synonyms, typing habits, keywords.

In: a lower-case question without its final mark. Out: the same question as people type it.
"""

from __future__ import annotations

import re

from .phrasebook import PHRASES, read_lists
from .source import Source

OPENERS = (
    "please tell me ",
    "can you tell me ",
    "could you explain ",
    "quick question: ",
    "hi, ",
    "hello, ",
    "hey, ",
    "i would like to know ",
    "i want to know ",
    "tell me, ",
    "sorry, ",
    "one question, ",
    "so ",
    "and ",
    "ok, ",
    "i wonder ",
    "do you know ",
    "good morning, ",
    "just curious, ",
    "excuse me, ",
    "also ",
    "well, ",
    "first question: ",
    "say, ",
    "quick one: ",
    "a question: ",
    "question: ",
    "another question: ",
    "one more thing: ",
    "hi there, ",
    "hey there, ",
    "good evening, ",
    "good afternoon, ",
    "hello again, ",
    "hi again, ",
    "please, ",
    "pls ",
    "please help: ",
    "help me: ",
    "i am new here. ",
    "i'm new to this, ",
    "i am wondering, ",
    "i was wondering, ",
    "i have a question: ",
    "can i ask, ",
    "may i ask, ",
    "could you tell me ",
    "would you tell me ",
    "please explain, ",
    "hmm, ",
    "um, ",
    "oh, ",
    "oh and ",
    "but ",
    "then ",
    "now ",
    "next, ",
    "next question: ",
    "by the way, ",
    "btw ",
    "actually ",
    "honestly, ",
    "listen, ",
    "look, ",
    "candor, ",
    "hey candor, ",
    "dear model, ",
    "thanks, and ",
    "great, and ",
    "ok so ",
    "right, ",
    "i forgot, ",
    "remind me, ",
    "for my work, ",
    "in candor, ",
    "in this app, ",
    "sorry to ask, ",
    "maybe a silly question, ",
    "dumb question: ",
)
CLOSERS = (
    " please",
    " pls",
    " thanks",
    " in candor",
    " here",
    " exactly",
    " in this app",
    ", please",
    " in short",
    " in simple words",
    ", thank you",
    " then",
    " again",
    " in this program",
    " exactly please",
    " for me",
    " for a beginner",
    " as a beginner",
    " briefly",
    " in one sentence",
    " in plain words",
    " in a few words",
    " if possible",
    " by the way",
    " btw",
    " thx",
    " thank you",
    " many thanks",
    " today",
    " now",
    " right now",
    " at all",
    " really",
    " actually",
    " in the app",
    " on my computer",
    " on this computer",
    " with candor",
    " with this app",
    ", if i may ask",
    ", please help",
    ", i am new here",
    ", i forgot",
    ", any idea",
    ", do you know",
    " quickly",
    " once more",
    " as well",
    " too",
    ", in short",
    ", can you tell me",
)
# What may stand for what, by pattern of whole words: `phrases/synonyms.txt`.
SYNONYMS = tuple(
    (re.compile(rf"\b(?:{pattern})(?!\w)"), words)
    for pattern, words in read_lists(PHRASES / "synonyms.txt").items()
)
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "do",
        "does",
        "i",
        "you",
        "my",
        "your",
        "me",
        "to",
        "of",
        "in",
        "it",
        "this",
        "that",
        "can",
        "how",
        "what",
        "be",
        "for",
        "and",
        "on",
        "at",
        "with",
        "so",
        "please",
        "will",
        "would",
        "am",
        "should",
        "there",
        "which",
        "when",
        "who",
    ]
)
QUESTION = re.compile(
    r"^(what|how|why|where|when|who|which|is|are|am|do|does|did|can|could|will|would|may|should|"
    r"must|in what|on which|whats|hi|hello|hey|so|and|ok)\b"
)


def paraphrase(text: str, source: Source) -> str:
    """The question with its wording varied and its typing made human."""
    if source.chance(0.45):
        text = _synonyms(text, source)
    if source.chance(0.12):
        text = _keywords(text)
    if source.chance(0.22):
        text = source.pick(OPENERS) + text
    if source.chance(0.15):
        text += source.pick(CLOSERS)
    return typed(text, source)


def typed(text: str, source: Source, *, typos: float = 0.12) -> str:
    """Case, final mark and slips of the finger."""
    if source.chance(typos):
        text = _typo(text, source)
    roll = source.random.random()
    if roll < 0.5:
        text = text[:1].upper() + text[1:]
    elif roll > 0.985:
        text = text.upper()
    if QUESTION.match(text.lower()):
        return text + ("?" if source.chance(0.62) else "")
    return text + source.pick(("", "", ".", "!", "?"))


def _synonyms(text: str, source: Source) -> str:
    for pattern, replacements in SYNONYMS:
        if source.chance(0.6):
            text = pattern.sub(source.pick(replacements), text, count=1)
    return text


def _keywords(text: str) -> str:
    words = [word for word in text.split() if word not in STOP_WORDS]
    return " ".join(words) if words else text


def _typo(text: str, source: Source) -> str:
    places = [index for index in range(1, len(text) - 1) if text[index - 1 : index + 2].isalpha()]
    if not places:
        return text
    at = source.pick(places)
    slip = source.pick(("drop", "double", "swap"))
    if slip == "drop":
        return text[:at] + text[at + 1 :]
    if slip == "double":
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
