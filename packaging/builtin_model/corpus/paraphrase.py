"""Makes one hand-written question into many: openers, synonyms, typing habits, keywords.

In: a lower-case question without its final mark. Out: the same question as people type it.
"""

from __future__ import annotations

import re

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
)
SYNONYMS = (
    (
        r"^how do i ",
        (
            "how can i ",
            "how to ",
            "how would i ",
            "what is the way to ",
            "how could i ",
            "what must i do to ",
            "i want to ",
            "is there a way to ",
            "how does one ",
        ),
    ),
    (r"^how can i ", ("how do i ", "how to ", "is it possible to ")),
    (r"^can i ", ("could i ", "is it possible to ", "am i able to ", "may i ", "how do i ")),
    (r"^can you ", ("could you ", "are you able to ", "will you ")),
    (r"^what is ", ("what's ", "whats ", "what exactly is ", "tell me what is ", "explain ")),
    (r"^what are ", ("what exactly are ", "tell me about ", "explain ")),
    (
        r"^what does (.+) do$",
        (
            r"what is \1 good for",
            r"what's the effect of \1",
            r"why is there \1",
            r"what is the use of \1",
            r"describe \1",
        ),
    ),
    (
        r"^what does (.+) mean$",
        (
            r"what is meant by \1",
            r"meaning of \1",
            r"what's \1",
            r"i do not understand \1",
            r"\1 meaning",
        ),
    ),
    (
        r"^explain ",
        (
            "please explain ",
            "describe ",
            "tell me about ",
            "can you explain ",
            "help me understand ",
            "what should i know about ",
        ),
    ),
    (r"^why ", ("how come ", "for what reason ", "what is the reason that ")),
    (r"^where is ", ("where's ", "where do i find ", "how do i find ", "i cannot find ")),
    (r"^where do i find ", ("where is ", "where are ", "how do i find ", "i cannot find ")),
    (r"^is there ", ("do you have ", "does candor have ", "i am looking for ")),
    (r"\bapp\b", ("program", "application", "software")),
    (r"\bchats\b", ("conversations", "chats", "threads")),
    (r"\bcomputer\b", ("machine", "pc", "laptop", "computer")),
    (r"\banswers?\b", ("reply", "response", "output")),
    (r"\bdo not\b", ("don't", "dont")),
    (r"\bget\b", ("have", "obtain")),
    (r"\bshow\b", ("display", "tell")),
    (r"\bdelete\b", ("remove", "erase")),
    (r"\bchoose\b", ("select", "pick")),
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
            text = re.sub(pattern, source.pick(replacements), text, count=1)
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
