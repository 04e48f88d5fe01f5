"""Chats that refer back: go on with a result, repeat, quote, remember what was told."""

from __future__ import annotations

from .arithmetic import add, addition, multiply, subtract, subtraction
from .clock import clock
from .conversation import Conversation, Effort, Turn
from .help_topics import help_question, topics, trace_of
from .letters import length, letters
from .lists import listed, sort, sort_trace
from .paraphrase import typed
from .phrasebook import read_forms
from .problem import Problem, effort_of, system_of
from .refusals import refusal
from .smalltalk import small_talk
from .source import Source
from .words import ANIMALS, CITIES, COLOURS, FRUITS, NAMES

FORMS = read_forms("multiturn")
TOLD = {"name": NAMES, "city": CITIES, "colour": COLOURS, "pet": ANIMALS, "fruit": FRUITS}


def multi_turn(source: Source) -> Conversation:
    """Some earlier turns and a last one that leans on them."""
    kinds = (
        _go_on,
        _go_on,
        _other_way,
        _quote,
        _quote,
        _again,
        _and_topic,
        _told,
        _told,
        _told,
        _unknown,
    )
    return source.pick(kinds)(source)


def long_chat(source: Source) -> Conversation:
    """Many unrelated turns, then any of the above: practice with distance."""
    filler = [turn for _ in range(source.random.randint(4, 12)) for turn in _exchange(source)]
    last = source.pick((_go_on, _other_way, _again, _and_topic, _told))(source)
    return _conversation(
        last.key, [*filler, *last.turns], last.effort, last.accepted, source, "long_chat"
    )


def _go_on(source: Source) -> Conversation:
    digits = source.random.randint(1, 4)
    turns, value = [], 0
    first = source.pick((add, subtract))(source, digits)
    turns += _history(first)
    value = int(first.answer)
    for _ in range(source.random.randint(0, 2)):
        step = _step(value, source)
        turns += _history(step)
        value = int(step.answer)
    last, effort = _step(value, source), effort_of(source)
    return _conversation(last.key, [*turns, *last.turns(effort)], effort, (last.answer,), source)


def _step(value: int, source: Source) -> Problem:
    number = source.until_ours(
        lambda: source.random.randrange(1, 10 ** source.random.randint(1, 3)),
        lambda n: f"{value} and {n}",
    )
    if value - number < 0 or source.chance(0.6):
        if value >= 0:
            return addition(
                value,
                number,
                typed(source.phrasing(FORMS["more"]).format(n=number), source, typos=0),
            )
        return _from_below(
            value, number, typed(source.phrasing(FORMS["more"]).format(n=number), source, typos=0)
        )
    return subtraction(
        value, number, typed(source.phrasing(FORMS["less"]).format(n=number), source, typos=0)
    )


def _from_below(value: int, number: int, question: str) -> Problem:
    swapped = subtraction(number, -value, question)
    return Problem(
        "add",
        f"{value}+{number}",
        question,
        swapped.answer,
        f"{number}{value}\n{swapped.trace}",
        swapped.short,
        swapped.size,
    )


def _other_way(source: Source) -> Conversation:
    first = sort(source, source.random.randint(2, 6))
    numbers = [int(number) for number in first.answer.split(", ")]
    falling = numbers == sorted(numbers)
    effort = effort_of(source)
    trace = {"high": sort_trace(numbers, falling=falling), "low": f"{len(numbers)} numbers"}.get(
        effort, ""
    )
    answer = listed(sorted(numbers, reverse=falling))
    turns = [
        *_history(first),
        Turn("user", source.phrasing(FORMS["other way"])),
        Turn("assistant", answer, trace),
    ]
    return _conversation(first.key, turns, effort, (answer,), source)


def _quote(source: Source) -> Conversation:
    turns = [turn for _ in range(source.random.randint(1, 3)) for turn in _exchange(source)]
    asked = [turn.content for turn in turns if turn.role == "user"]
    forms, quoted = source.pick(((FORMS["first"], asked[0]), (FORMS["last"], asked[-1])))
    answer = f'You asked: "{quoted}"'
    return _recall(turns, typed(source.phrasing(forms), source, typos=0.02), answer, quoted, source)


def _again(source: Source) -> Conversation:
    turns = [turn for _ in range(source.random.randint(1, 2)) for turn in _exchange(source)]
    question = typed(source.phrasing(FORMS["again"]), source, typos=0.02)
    return _recall(turns, question, turns[-1].content, turns[-1].content, source)


def _and_topic(source: Source) -> Conversation:
    turns = [
        turn for _ in range(source.random.randint(1, 2)) for turn in _exchange(source, helping=True)
    ]
    topic = source.pick(topics())
    effort = effort_of(source, high=0.4, low=0.1)
    question = source.phrasing(FORMS["and topic"]).format(t=source.pick(topic.terms))
    turns += [Turn("user", question), Turn("assistant", topic.answer, trace_of(topic, effort))]
    return _conversation(topic.key, turns, effort, (topic.answer,), source)


def _told(source: Source) -> Conversation:
    kind = source.pick(tuple(TOLD))
    value = source.until_ours(lambda: source.pick(TOLD[kind]), lambda name: f"told {name}")
    reply = f"Hello {value}." if kind == "name" else f"Good to know: {value}."
    turns = [
        Turn(
            "user", typed(source.phrasing(FORMS[f"{kind} told"]).format(v=value), source, typos=0)
        ),
        Turn("assistant", reply),
    ]
    if source.chance(0.12):
        return _conversation(value, turns, "off", (turns[1].content,), source)
    for _ in range(source.random.randint(0, 3)):
        turns += _exchange(source)
    question = typed(source.phrasing(FORMS[f"{kind} asked"]), source, typos=0.02)
    answer = f"Your name is {value}." if kind == "name" else f"You told me: {value}."
    return _recall(turns, question, answer, value, source)


def _unknown(source: Source) -> Conversation:
    turns = [turn for _ in range(source.random.randint(0, 2)) for turn in _exchange(source)]
    kind = source.pick(tuple(TOLD))
    question = typed(source.phrasing(FORMS[f"{kind} asked"]), source, typos=0.02)
    return _recall(turns, question, "You have not told me that in this chat.", "not told", source)


def _recall(
    turns: list[Turn], question: str, answer: str, key: str, source: Source
) -> Conversation:
    effort = effort_of(source, high=0.4, low=0.1)
    trace = {"high": "I look back in the chat.", "low": "look back"}.get(effort, "")
    turns = [*turns, Turn("user", question), Turn("assistant", answer, trace)]
    return _conversation(key, turns, effort, (answer,), source)


def _exchange(source: Source, *, helping: bool = False) -> list[Turn]:
    """One earlier question and its answer; traces of earlier turns are never shown again."""
    if helping or source.chance(0.35):
        return [Turn(turn.role, turn.content) for turn in help_question(source).turns]
    roll = source.random.random()
    if roll < 0.25:
        return [Turn(turn.role, turn.content) for turn in small_talk(source).turns]
    if roll < 0.35:
        return [Turn(turn.role, turn.content) for turn in refusal(source).turns]
    make = source.pick((add, subtract, multiply, clock, sort, length, letters))
    size = source.random.randint(3, 8) if make in (length, letters) else source.random.randint(1, 3)
    return _history(make(source, size))


def _history(problem: Problem) -> list[Turn]:
    return list(problem.turns("off"))


def _conversation(
    key: str,
    turns: list[Turn],
    effort: Effort,
    accepted: tuple[str, ...],
    source: Source,
    family: str = "multi_turn",
) -> Conversation:
    return Conversation(
        family=family,
        key=key,
        turns=tuple(turns),
        effort=effort,
        system=system_of(source),
        accepted=accepted,
        size=sum(turn.role == "user" for turn in turns),
    )
