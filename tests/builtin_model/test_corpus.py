"""The generator: the same for a seed, and every trace leads to the right answer."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from builtin_model.corpus import arithmetic, clock, letters, lists, units
from builtin_model.corpus.help_topics import topics
from builtin_model.corpus.mixture import CHATS, TASKS, WEIGHTS, draw
from builtin_model.corpus.source import Source
from hypothesis import given
from hypothesis import strategies as st

SEEDS = st.integers(0, 10**6)


@given(SEEDS)
def test_a_seed_gives_the_same_chats(seed: int) -> None:
    one, other = Source(seed), Source(seed)
    assert [draw(one) for _ in range(5)] == [draw(other) for _ in range(5)]


def test_every_family_has_a_weight() -> None:
    assert set(WEIGHTS) == {*TASKS, *CHATS}


def test_there_are_eighty_topics_with_many_phrasings_and_one_short_answer_each() -> None:
    assert len(topics()) >= 80
    assert sum(len(topic.forms.held_out) for topic in topics()) >= 250
    for topic in topics():
        assert len(topic.forms.train) >= 70
        assert topic.forms.held_out
        assert topic.answer.endswith(".")
        assert len(topic.answer.split()) <= 40


@pytest.mark.parametrize("effort", ["high", "low", "off"])
def test_traces_belong_to_the_effort(effort: str) -> None:
    source = Source(effort)
    chats = [chat for chat in (draw(source) for _ in range(400)) if chat.effort == effort]
    assert chats
    for chat in chats:
        assert bool(chat.turns[-1].reasoning) == (effort != "off")
        assert all(turn.reasoning == "" for turn in chat.turns[:-1] if turn.call is None)


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_column_traces_end_in_the_sum_and_the_difference(a: int, b: int) -> None:
    assert last_number(arithmetic.add_trace(a, b)) == a + b
    assert last_number(arithmetic.subtract_trace(a, b)) == abs(a - b)
    for step in re.findall(r"(\d)\+(\d)\+(\d)=(\d+)", arithmetic.add_trace(a, b)):
        x, y, carry, total = map(int, step)
        assert x + y + carry == total


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_the_multiplication_trace_ends_in_the_product(a: int, b: int) -> None:
    assert last_number(arithmetic.multiply_trace(a, b)) == a * b
    assert sum(map(int, arithmetic.multiply_short(a, b).split(" + "))) == a * b


@given(SEEDS, st.integers(1, 5))
def test_the_clock_agrees_with_the_calendar(seed: int, spans: int) -> None:
    problem = clock.clock(Source(seed), spans)
    start, sign, moves = parts(r"clock (\d+) (-?1) \((.*)\)", problem.key)
    minutes = sum(int(move) for move in moves.split(",") if move.strip())
    moment = datetime(2000, 1, 10) + timedelta(minutes=int(start) + int(sign) * minutes)
    assert problem.answer == moment.strftime("%H:%M")
    assert problem.trace.endswith(problem.answer)
    assert problem.short.endswith(problem.answer)


@given(SEEDS, st.integers(2, 10))
def test_lists_are_sorted_and_compared_right(seed: int, items: int) -> None:
    ordered = lists.sort(Source(seed), items)
    numbers = json.loads(ordered.key.removeprefix("list "))
    found = [int(number) for number in ordered.answer.split(", ")]
    assert found in (sorted(numbers), sorted(numbers, reverse=True))
    compared = lists.compare(Source(seed), items)
    numbers = json.loads(compared.key.removeprefix("list "))
    assert int(compared.answer) in (max(numbers), min(numbers))
    assert compared.trace.endswith(f": {compared.answer}")


@given(SEEDS, st.integers(3, 12))
def test_letters_are_counted_and_turned_round_right(seed: int, size: int) -> None:
    counted = letters.letters(Source(seed), size)
    assert counted.trace.split()[0::2] == list(counted.key)
    assert counted.trace.split()[-1] == counted.answer or counted.key.count(
        counted.trace.split()[-2]
    ) != int(counted.answer)
    assert letters.length(Source(seed), size).answer == str(size)
    turned = letters.reverse(Source(seed), size)
    assert turned.answer == "".join(reversed(turned.key))


@given(SEEDS, st.integers(1, 4))
def test_units_are_converted_by_their_factor(seed: int, digits: int) -> None:
    problem = units.convert(Source(seed), digits)
    amount, unit = problem.key.split(" ")
    number, reached = problem.answer.split(" ")
    known = {(one, other): factor for one, other, factor in units.FACTORS}
    if reached == unit:
        assert number == amount
    else:
        assert int(number) == int(amount) * known[unit, reached]


@given(SEEDS)
def test_json_answers_are_json_and_odds_add_up(seed: int) -> None:
    json.loads(draw(Source(seed), "json").turns[-1].content)
    chance = draw(Source(seed), "chance")
    assert sum(chance.facts["odds"].values()) == pytest.approx(1)
    assert chance.turns[-1].content in chance.facts["odds"]


@given(SEEDS)
def test_a_calculator_call_is_followed_by_its_result(seed: int) -> None:
    chat = draw(Source(seed), "tools")
    calls = [turn.call for turn in chat.turns if turn.call]
    for call in calls:
        if call["name"] == "calculator" and chat.family == "tool_answer":
            a, sign, b = parts(r"(\d+)([-+*])(\d+)", call["arguments"]["expression"])
            value = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]
            assert chat.turns[-2].content == str(value)
            assert chat.turns[-1].content.endswith(f"= {value}")


def parts(pattern: str, text: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, text)
    assert found is not None
    return found.groups()


def last_number(trace: str) -> int:
    return int(re.findall(r"\d+", trace)[-1])
