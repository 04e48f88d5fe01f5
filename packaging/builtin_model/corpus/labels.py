"""Yes/no questions and one-of-n labels, answered by the bare label. Size: number of labels."""

from __future__ import annotations

from dataclasses import dataclass

from .conversation import Conversation, Turn
from .phrasebook import PHRASES, read_blocks, read_forms, read_lists
from .problem import effort_of, system_of
from .source import Source
from .words import KINDS, NAMES

FORMS = read_forms("labels")
MOOD_WORDS = read_lists(PHRASES / "moods.txt")
TEXTS = {block.key: block.forms.train for block in read_blocks(PHRASES / "label_texts.txt")}
SUBJECTS = tuple(key for key in TEXTS if key not in ("urgent", "not urgent", "spam", "ham"))
MOODS = (
    "{r} was {a}",
    "i found {r} {a}",
    "{r} is {a}",
    "honestly, {r} was {a}",
    "i think {r} was {a}, really",
    "we all thought {r} was {a}",
    "{r}: {a}",
    "sadly or not, {r} was {a}",
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, its label and all the labels to choose from."""

    text: str
    label: str
    labels: tuple[str, ...]
    trace: str


def label(source: Source) -> Conversation:
    """A text and a choice of labels."""
    make = source.pick((_kind, _kind, _mood, _subject, _urgent, _spam, _parity))
    item = source.until_ours(lambda: make(source), lambda made: made.text.lower())
    names = list(item.labels)
    source.random.shuffle(names)
    question = source.phrasing(FORMS["one of"]).format(t=item.text, l=_choices(names, source))
    return _conversation("labels", item, question, source, len(names))


def yes_no(source: Source) -> Conversation:
    """A statement that is true or not; close numbers and big ones make it hard."""
    make = source.pick((_greater, _between, _is_kind, _has_letter, _sum_right, _even))
    item = source.until_ours(lambda: make(source), lambda made: made.text)
    return _conversation(
        "yes_no", item, source.phrasing(FORMS["yes no"]).format(q=item.text), source, 2
    )


def _conversation(
    family: str, item: Labelled, question: str, source: Source, size: int
) -> Conversation:
    effort = effort_of(source, high=0.25, low=0.05)
    reasoning = "" if effort == "off" else item.trace
    if source.chance(0.3):
        question = question.lower()
    return Conversation(
        family=family,
        key=item.text.lower(),
        turns=(Turn("user", question), Turn("assistant", item.label, reasoning)),
        effort=effort,
        system=system_of(source),
        accepted=(item.label,),
        size=size,
        facts={"labels": item.labels},
    )


def _choices(names: list[str], source: Source) -> str:
    joined = source.pick((", ", " / ", " or ", ", "))
    return joined.join(names) if joined != ", " else ", ".join(names[:-1]) + " or " + names[-1]


def _kind(source: Source) -> Labelled:
    kind = source.pick(tuple(KINDS))
    word = source.pick(KINDS[kind])
    others = source.random.sample(
        [other for other in KINDS if other != kind], source.random.randint(1, 3)
    )
    text = source.pick((word, f"a {word}", f"the {word}", f"{word}s", f"my old {word}"))
    return Labelled(text, kind, (kind, *others), f"{word} is of the kind {kind}.")


def _mood(source: Source) -> Labelled:
    good = source.chance(0.5)
    word = source.pick(MOOD_WORDS["good" if good else "bad"])
    negated = source.chance(0.15)
    text = source.pick(MOODS).format(
        r=source.pick(MOOD_WORDS["reviewed"]), a=f"not {word}" if negated else word
    )
    name = "positive" if good != negated else "negative"
    return Labelled(
        text, name, ("positive", "negative"), f'"{word}" {"with not " if negated else ""}is {name}.'
    )


def _subject(source: Source) -> Labelled:
    subject = source.pick(SUBJECTS)
    others = [other for other in SUBJECTS if other != subject]
    chosen = source.random.sample(others, source.random.randint(1, 4))
    text = f"{source.pick(('', '', source.pick(NAMES) + ' says: '))}{source.pick(TEXTS[subject])}"
    return Labelled(text, subject, (subject, *chosen), f"The text is about {subject}.")


def _urgent(source: Source) -> Labelled:
    urgent = source.chance(0.5)
    name = "urgent" if urgent else "not urgent"
    text = _letter(source, source.pick(TEXTS[name]))
    return Labelled(text, name, ("urgent", "not urgent"), f"This is {name}.")


def _spam(source: Source) -> Labelled:
    spam = source.chance(0.5)
    name = "spam" if spam else "ham"
    return Labelled(
        _letter(source, source.pick(TEXTS[name])),
        name,
        ("spam", "ham"),
        f"This is {name}.",
    )


def _parity(source: Source) -> Labelled:
    number = source.random.randrange(10 ** source.random.randint(1, 6))
    name = "odd" if number % 2 else "even"
    return Labelled(str(number), name, ("even", "odd"), f"The last digit is {number % 10}.")


def _letter(source: Source, text: str) -> str:
    name = source.pick(NAMES)
    return source.pick(
        (text, f"hi {name}, {text}", f"{text}. {name}", f"dear {name}, {text}", f"{text}!")
    )


def _truth(text: str, true: bool, trace: str) -> Labelled:
    return Labelled(text, "yes" if true else "no", ("yes", "no"), trace)


def _greater(source: Source) -> Labelled:
    high = 10 ** source.random.randint(2, 5)
    a = source.random.randrange(high)
    b = (
        max(0, a + source.random.randint(-20, 20))
        if source.chance(0.4)
        else source.random.randrange(high)
    )
    more = source.chance(0.5)
    word = source.pick(("greater", "larger", "more") if more else ("less", "smaller"))
    return _truth(
        f"Is {a} {word} than {b}", a > b if more else a < b, f"The larger is {max(a, b)}."
    )


def _between(source: Source) -> Labelled:
    low, x, high = (source.random.randrange(1000) for _ in range(3))
    low, high = sorted((low, high))
    return _truth(f"Is {x} between {low} and {high}", low < x < high, f"{low} to {high}, and {x}.")


def _is_kind(source: Source) -> Labelled:
    kind = source.pick(tuple(KINDS))
    asked = kind if source.chance(0.5) else source.pick(tuple(KINDS))
    word = source.pick(KINDS[kind])
    article = "an" if asked[0] in "aeiou" else "a"
    asked_as = asked if asked in ("clothing", "furniture") else f"{article} {asked}"
    return _truth(f"Is {word} {asked_as}", asked == kind, f"{word} is of the kind {kind}.")


def _has_letter(source: Source) -> Labelled:
    word = source.pick(KINDS[source.pick(tuple(KINDS))])
    letter = source.pick(word) if source.chance(0.5) else source.pick("abcdefghiklmnoprstuwy")
    asked = source.pick(
        (f"Is there a letter {letter} in {word}", f"Does {word} have the letter {letter}")
    )
    return _truth(asked, letter in word, " ".join(word))


def _sum_right(source: Source) -> Labelled:
    high = 10 ** source.random.randint(1, 3)
    a, b = source.random.randrange(high), source.random.randrange(high)
    wrong = 0 if source.chance(0.5) else source.pick((-10, -2, -1, 1, 2, 10, 100))
    return _truth(f"Is {a}+{b} equal to {a + b + wrong}", wrong == 0, f"{a}+{b}={a + b}")


def _even(source: Source) -> Labelled:
    number = source.random.randrange(10 ** source.random.randint(1, 5))
    name = source.pick(("even", "odd"))
    return _truth(
        f"Is {number} {name}",
        (number % 2 == 0) == (name == "even"),
        f"The last digit is {number % 10}.",
    )
