"""Runs every measure on the shipped folders and writes the tables into both model cards."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from . import measures
from .decoding import Runner
from .questions import Outcome, require_unseen, share_right

START, END = "<!-- evaluation: start -->", "<!-- evaluation: end -->"
MAIN, DRAFT = "candor-small", "candor-small-draft"


def evaluate(models: Path) -> None:
    """Measures both folders under `models`; progress goes to standard output."""
    started = time.monotonic()
    require_unseen(measures.all_questions())
    runner = Runner(models / MAIN)
    families = measures.family_outcomes(runner)
    parts = [_summary(runner, families), _ladders(runner), _calibration(runner)]
    write_tables(models / MAIN / "README.md", "\n\n".join(parts))
    draft_card = models / DRAFT / "README.md"
    if draft_card.exists():
        texts = {measures.FAMILIES[family]: outcomes for family, outcomes in families.items()}
        texts["Sums, clocks, sorting and the other tasks"] = measures.task_outcomes(runner)
        write_tables(draft_card, _acceptance(Runner(models / DRAFT), texts))
    print(f"Evaluated in {time.monotonic() - started:.0f} s")


def write_tables(card: Path, tables: str) -> None:
    """Replaces what stands between the markers of a card."""
    head, rest = card.read_text("utf-8").split(START)
    tail = rest.split(END)[1]
    card.write_text(f"{head}{START}\n{tables}\n{END}{tail}", encoding="utf-8")


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percent(share: float) -> str:
    """A share with one decimal."""
    return f"{100 * share:.1f} %"


def _summary(runner: Runner, families: dict[str, list[Outcome]]) -> str:
    rows: list[tuple[str, object, str]] = [
        (name, count, percent(share)) for name, count, share in measures.help_rows(runner)
    ]
    rows.append(
        ("Three-digit sums with reasoning", 200, percent(measures.three_digit_sums(runner)))
    )
    for family, name in measures.FAMILIES.items():
        rows.append((name, len(families[family]), percent(share_right(families[family]))))
    tasks = measures.task_outcomes(runner)
    name = "Tasks of any size and effort, unseen phrasings"
    rows.append((name, len(tasks), percent(share_right(tasks))))
    valid = families["json"]
    rows.append(("JSON on request, valid", len(valid), percent(measures.valid_json(valid))))
    calls = [outcome for outcome in families["tools"] if outcome.conversation.family == "tool_call"]
    rows.append(("Tool calls alone", len(calls), percent(share_right(calls))))
    _say(table(("measure", "questions", "right"), rows))
    return "## On questions never trained on\n\n" + table(("measure", "questions", "right"), rows)


def _ladders(runner: Runner) -> str:
    rows, gaps = [], []
    for task in measures.LADDERS:
        rungs = measures.ladder(runner, task)
        unit = measures.SIZE_OF[task]
        rows += [
            (task, f"{rung.size} {unit}", percent(rung.reasoning), percent(rung.direct))
            for rung in rungs
        ]
        gap = measures.first_gap(rungs)
        if gap is not None:
            gaps.append((task, f"{gap.size} {unit}", percent(gap.reasoning), percent(gap.direct)))
        _say(f"{task}: " + ", ".join(f"{r.size}: {r.reasoning:.2f}/{r.direct:.2f}" for r in rungs))
    header = ("task", "size", "with reasoning", "without")
    return (
        f"## Size ladder, {measures.PER_SIZE} questions a rung\n\n{table(header, rows)}\n\n"
        "## Test-time compute\n\nThe first size where direct answers fall under 70 % and reasoning "
        "keeps 95 %:\n\n"
        f"{table(header, gaps)}"
    )


def _calibration(runner: Runner) -> str:
    labels, sums = measures.direct_labels(runner), measures.direct_sums(runner)
    rows = [
        ("labels and yes/no, direct", len(labels), f"{measures.calibration_error(labels):.3f}"),
        ("sums of 1 to 8 digits, direct", len(sums), f"{measures.calibration_error(sums):.3f}"),
    ]
    chance = f"{measures.chance_error(runner):.3f}"
    curve = [
        (f"{b.low:.1f} to {b.low + 0.1:.1f}", b.count, percent(b.mean), percent(b.right))
        for b in measures.bins(labels + sums)
    ]
    header = ("answer's probability", "answers", "mean probability", "right")
    _say(str(rows) + chance)
    return (
        "## Calibration\n\nExpected calibration error: how far, on average over ten bins, the "
        "probability of the whole answer lies from the share that is right.\n\n"
        f"{table(('answers', 'questions', 'error'), rows)}\n\n"
        f"Coins, dice and bags of balls: mean distance from the true odds {chance}.\n\n"
        f"{table(header, curve)}"
    )


def _acceptance(draft: Runner, texts: dict[str, list[Outcome]]) -> str:
    everything = [outcome for outcomes in texts.values() for outcome in outcomes]
    rows = [("all chats", percent(measures.acceptance(draft, everything)))]
    rows += [(name, percent(measures.acceptance(draft, each))) for name, each in texts.items()]
    _say(str(rows))
    return "## Acceptance on greedy text\n\n" + table(("text", "tokens accepted"), rows)


def _say(text: str) -> None:
    print(text, flush=True)
