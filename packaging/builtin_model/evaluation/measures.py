"""The measures of the model card, each a table of plain rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from ..corpus.conversation import Conversation, Effort
from ..corpus.mixture import TASKS
from ..render import prompt_of
from .decoding import Runner
from .questions import (
    Outcome,
    ask,
    draws,
    help_questions,
    is_json,
    problems,
    share_right,
)

PER_SIZE = 50
EFFORTS: dict[Effort, str] = {"high": "reasoning on", "off": "reasoning off"}
LADDERS = {
    "add": (1, 2, 3, 4, 5, 6, 7, 8),
    "subtract": (1, 2, 3, 4, 5, 6),
    "multiply": (1, 2, 3),
    "clock": (1, 2, 3, 4, 5),
    "sort": (2, 4, 6, 8, 10),
    "compare": (2, 4, 6),
    "letters": (3, 6, 9, 12),
    "length": (3, 6, 9, 12),
    "reverse": (3, 6, 9, 12),
    "units": (1, 2, 3, 4),
}
SIZE_OF = {
    "add": "digits",
    "subtract": "digits",
    "multiply": "digits of each number",
    "clock": "spans of time",
    "sort": "items",
    "compare": "items",
    "letters": "letters",
    "length": "letters",
    "reverse": "letters",
    "units": "digits",
}
FAMILIES = {
    "refusal": "Says that it does not know, out of its reach",
    "small_talk": "Greetings and small talk",
    "labels": "Labels, one of two to five",
    "yes_no": "Yes or no",
    "json": "JSON on request, exactly right",
    "tools": "Tool calls and answers from their results",
    "multi_turn": "Chats that refer back",
    "long_chat": "The same after 4 to 12 other turns",
}
COUNTS = {
    "refusal": 200,
    "small_talk": 60,
    "labels": 250,
    "yes_no": 250,
    "json": 150,
    "tools": 150,
    "multi_turn": 250,
    "long_chat": 40,
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One size of a task: shares right with reasoning and without."""

    size: int
    reasoning: float
    direct: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose probability lies in one tenth: how many, their mean, how many right."""

    low: float
    count: int
    mean: float
    right: float


def help_rows(runner: Runner) -> list[tuple[str, int, float]]:
    """Help questions in unseen phrasings: (what, questions, share right)."""
    rows = []
    for effort, name in EFFORTS.items():
        for written, how in ((False, "unseen phrasings"), (True, "unseen hand-written sentences")):
            outcomes = ask(runner, help_questions(effort, written=written), 120)
            rows.append((f"Help, {how}, {name}", len(outcomes), share_right(outcomes)))
    return rows


def family_outcomes(runner: Runner) -> dict[str, list[Outcome]]:
    """The outcomes of every family of chats."""
    return {family: ask(runner, draws(family, COUNTS[family])) for family in FAMILIES}


def task_outcomes(runner: Runner, count: int = 20) -> list[Outcome]:
    """Some problems of every task, any size and effort."""
    return ask(runner, [chat for task in TASKS for chat in draws(task, count)])


def ladder(runner: Runner, task: str) -> list[Rung]:
    """The task's sizes, from the smallest."""
    return [
        Rung(
            size,
            share_right(ask(runner, problems(task, size, PER_SIZE, "high"))),
            share_right(ask(runner, problems(task, size, PER_SIZE, "off"), 60)),
        )
        for size in LADDERS[task]
    ]


def first_gap(rungs: list[Rung]) -> Rung | None:
    """The first size at which direct answers fall under 70 % and reasoning keeps 95 %."""
    return next((rung for rung in rungs if rung.direct < 0.7 and rung.reasoning >= 0.95), None)


def three_digit_sums(runner: Runner, count: int = 200) -> float:
    """Share right with reasoning."""
    return share_right(ask(runner, problems("add", 3, count, "high")))


def direct_sums(runner: Runner, count: int = 60) -> list[Outcome]:
    """Sums of one to eight digits answered straight away, the material of a calibration curve."""
    sizes = range(TASKS["add"][1], TASKS["add"][2] + 1)
    chats = [chat for size in sizes for chat in problems("add", size, count, "off")]
    return ask(runner, chats, 20)


def direct_labels(runner: Runner, count: int = 300) -> list[Outcome]:
    """Labels and yes/no answered straight away."""
    return ask(runner, draws("labels", count, "off") + draws("yes_no", count, "off"), 20)


def bins(outcomes: list[Outcome], count: int = 10) -> list[Bin]:
    """Outcomes by the probability of their answer, in equal widths; empty ones left out."""
    places = [min(count - 1, int(outcome.probability * count)) for outcome in outcomes]
    found = []
    for place in range(count):
        inside = [o for o, at in zip(outcomes, places, strict=True) if at == place]
        if inside:
            mean = sum(outcome.probability for outcome in inside) / len(inside)
            found.append(Bin(place / count, len(inside), mean, share_right(inside)))
    return found


def calibration_error(outcomes: list[Outcome]) -> float:
    """Expected calibration error over ten bins (Guo et al. 2017, arXiv:1706.04599)."""
    return sum(b.count * abs(b.mean - b.right) for b in bins(outcomes)) / len(outcomes)


def chance_error(runner: Runner, count: int = 60) -> float:
    """Mean distance between a draw's true odds and the probabilities the model gives them."""
    errors = []
    for chat in draws("chance", count):
        prompt = runner.encode(prompt_of(chat))
        for answer, odds in chat.facts["odds"].items():
            found = exp(float(runner.score(prompt, runner.encode(f"{answer}<|im_end|>")).sum()))
            errors.append(abs(found - odds))
    return float(np.mean(errors))


def valid_json(outcomes: list[Outcome]) -> float:
    """Share of JSON answers that parse."""
    return sum(is_json(outcome.answer) for outcome in outcomes) / len(outcomes)


def acceptance(draft: Runner, outcomes: list[Outcome]) -> float:
    """Share of the main model's greedy tokens that the draft would have proposed."""
    kept = total = 0
    for outcome in outcomes:
        ids = outcome.prompt + outcome.completion.ids
        proposed = draft.predicted(ids)[len(outcome.prompt) - 1 : -1]
        kept += int((proposed == np.array(outcome.completion.ids)).sum())
        total += len(outcome.completion.ids)
    return kept / total


def all_questions() -> list[Conversation]:
    """Every chat the evaluation asks, for the proof that none was trained on."""
    chats = [
        chat
        for effort in EFFORTS
        for written in (True, False)
        for chat in help_questions(effort, written=written)
    ]
    chats += [chat for family, count in COUNTS.items() for chat in draws(family, count)]
    chats += [
        chat
        for task, sizes in LADDERS.items()
        for size in sizes
        for chat in problems(task, size, PER_SIZE, "high")
    ]
    chats += problems("add", 3, 200, "high") + draws("chance", 60)
    chats += [chat for task in TASKS for chat in draws(task, 20)]
    return chats + draws("labels", 300, "off") + draws("yes_no", 300, "off")
