"""Accuracy against tokens of thought, on the built-in model and questions that it never saw.

`PYTHONPATH=packaging .venv/bin/python -m tests.benchmarks.thinking ROWS [PROBLEMS]` asks PROBLEMS
of each task with each budget, with several answers at once, and routed. What it measured stays in
the file ROWS, so that a run that was ended goes on; at the end it writes the table into RESULTS.md
and the points of the curve into resources/measure/thinking.json.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from builtin_model.corpus.conversation import Conversation
from builtin_model.evaluation.questions import problems
from msgspec.structs import replace

from app import paths
from app.domain import best_of
from app.domain.events import Delta, Finished
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, Provider, ThoughtLimit
from app.domain.routing import DEFAULT_THRESHOLD, certainty
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, TokenRecord
from app.engine.generate import begin, tick
from app.engine.model import Model, open_model
from app.engine.work import Work

TASKS = {"add": 4, "multiply": 2, "sort": 6, "letters": 9, "clock": 3}
BUDGETS = (0, 16, 32, 64, 128, None)
SAMPLES = (1, 4, 8)
GREEDY = SamplingParams(temperature=0.0)
DRAWN = SamplingParams(temperature=0.7, seed=11)
ROOM = 60
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "benchmarks" / "RESULTS.md"
POINTS = ROOT / "resources" / "measure" / "thinking.json"
START, END = "<!-- thinking -->", "<!-- end of thinking -->"


@dataclass(frozen=True)
class Said:
    """An answer, its records and what it took."""

    text: str
    tokens: list[TokenRecord]
    finished: Finished


@dataclass(frozen=True)
class Row:
    """How a way did on a task: the share of right answers; tokens in all and of thought for one."""

    way: str
    task: str
    right: float
    tokens: float
    thought: float


def main() -> None:
    kept = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    rows = [Row(**json.loads(line)) for line in _lines(kept)]
    done = {(row.way, row.task) for row in rows}
    model = open_model(paths.built_in_model(), None, Provider.CPU, lambda done, total: None)
    for task, size in TASKS.items():
        chats = problems(task, size, count, "high")
        for way, measure in PIECES.items():
            if (way, task) in done:
                continue
            found = list(measure(model, task, chats))
            rows += found
            with kept.open("a", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(asdict(row))}\n" for row in found)
            for row in found:
                sys.stderr.write(f"{row.way:24} {row.task:9} {row.right:.2f} {row.tokens:.0f}\n")
    _write(rows, count)


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _budgets(model: Model, task: str, chats: Sequence[Conversation]) -> Iterator[Row]:
    """Each budget, and the answers that routing would have kept of those without one and with."""
    free: list[Said] = []
    quick: list[Said] = []
    for budget in BUDGETS:
        said = _ask(model, [_request(chat, budget) for chat in chats])
        free, quick = said, said if budget == 0 else quick
        way = "no limit" if budget is None else f"{budget} tokens"
        yield _row(way, task, chats, [each.text for each in said], said)
    routed = [
        short if (certainty(short.tokens) or 0) >= DEFAULT_THRESHOLD else long
        for short, long in zip(quick, free, strict=True)
    ]
    further = [long for long in routed if any(long is each for each in free)]
    yield _row("routed", task, chats, [each.text for each in routed], [*quick, *further])


def _best_of(
    samples: int, budget: int | None, model: Model, task: str, chats: Sequence[Conversation]
) -> Iterator[Row]:
    drawn = [replace(_request(chat, budget), sampling=DRAWN) for chat in chats]
    groups = [_ask(model, best_of.requests(each, samples)) for each in drawn]
    finals = [_winner(group) for group in groups]
    yield _row(_named(samples, budget), task, chats, finals, [each for g in groups for each in g])


def _named(samples: int, budget: int | None) -> str:
    return f"best of {samples}, {'with' if budget is None else 'no'} thought"


PIECES: dict[str, Callable[[Model, str, Sequence[Conversation]], Iterator[Row]]] = {
    "routed": _budgets,
    **{
        _named(samples, budget): partial(_best_of, samples, budget)
        for budget in (0, None)
        for samples in SAMPLES
    },
}
"""What is measured at once, by the last way of it; so a long run can go on where it ended."""


def _request(chat: Conversation, budget: int | None) -> Generate:
    messages = tuple(Message(Role(turn.role), turn.content) for turn in chat.turns[:-1])
    limit = ThoughtLimit(budget, closing="")
    prompt = ChatPrompt(messages, reasoning=budget != 0)
    return Generate(prompt=prompt, sampling=GREEDY, max_tokens=600, top_logprobs=0, thought=limit)


def _ask(model: Model, requests: Sequence[Generate]) -> list[Said]:
    """All answers, computed side by side as far as the slots go."""
    works = [begin(model, request) for request in requests]
    found: dict[Work, tuple[list[Delta], list[Finished]]] = {work: ([], []) for work in works}
    while waiting := [work for work in works if not work.finished]:
        for work, events in tick(model, waiting[: len(model.forward.slots)]):
            deltas, ends = found[work]
            deltas += [event for event in events if isinstance(event, Delta)]
            ends += [event for event in events if isinstance(event, Finished)]
    return [_said(*found[work]) for work in works]


def _said(deltas: list[Delta], ends: list[Finished]) -> Said:
    text = "".join(delta.text for delta in deltas if delta.channel is Channel.ANSWER)
    return Said(text, [token for delta in deltas for token in delta.tokens], ends[0])


def _winner(group: Sequence[Said]) -> str:
    found = best_of.poll([best_of.sample(each.text, each.tokens, each.finished) for each in group])
    return group[found.winner].text


def _row(
    way: str,
    task: str,
    chats: Sequence[Conversation],
    texts: Sequence[str],
    said: Sequence[Said],
) -> Row:
    right = sum(text.strip() in chat.accepted for chat, text in zip(chats, texts, strict=True))
    tokens = sum(each.finished.usage.completion_tokens for each in said)
    thought = sum(each.finished.usage.reasoning_tokens for each in said)
    asked = len(chats)
    return Row(way, task, right / asked, tokens / asked, thought / asked)


def _write(rows: Sequence[Row], count: int) -> None:
    """Renew the part of RESULTS.md between its marks, and the points of the curve."""
    ways = list(dict.fromkeys(row.way for row in rows))
    cells = {(row.way, row.task): row for row in rows}
    lines = [
        f"| way | {' | '.join(TASKS)} | all right | of thought | tokens |",
        f"|---|{'---:|' * (len(TASKS) + 3)}",
    ]
    points: list[dict[str, object]] = []
    for way in ways:
        found = [cells[way, task] for task in TASKS]
        right = sum(row.right for row in found) / len(found)
        tokens = sum(row.tokens for row in found) / len(found)
        thought = sum(row.thought for row in found) / len(found)
        shares = " | ".join(f"{row.right:.0%} at {row.thought:.0f}" for row in found)
        lines.append(f"| {way} | {shares} | {right:.0%} | {thought:.0f} | {tokens:.0f} |")
        points += [_point(way, task, cells[way, task]) for task in TASKS]
        points.append(_point(way, "", Row(way, "", right, tokens, thought)))
    table = "\n".join(lines)
    section = f"{START}\n{_introduced(count)}\n{table}\n{END}"
    old = RESULTS.read_text("utf-8")
    if START in old:
        new = re.sub(f"{START}.*?{END}", lambda _: section, old, flags=re.DOTALL)
    else:
        new = f"{old.rstrip()}\n\n## Thinking\n\n{section}\n"
    RESULTS.write_text(new, "utf-8")
    data = {"questions": count * len(TASKS), "tasks": list(TASKS), "points": points}
    POINTS.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def _point(way: str, task: str, row: Row) -> dict[str, object]:
    figures = {"right": row.right, "tokens": row.tokens, "thought": row.thought}
    return {"way": way, "task": task, **{name: round(each, 3) for name, each in figures.items()}}


def _introduced(count: int) -> str:
    return _INTRODUCTION.format(count=count, threshold=DEFAULT_THRESHOLD)


_INTRODUCTION = """\
candor-small on {count} questions of each task that it was never trained on (sums of 4 digits,
products of 2, 6 words sorted, letters of words of 9, 3 spans of time), by
`PYTHONPATH=packaging python -m tests.benchmarks.thinking ROWS`. Budgets limit the tokens of
thought, which end without a sentence; they are greedy. The best of several are drawn at
temperature 0.7, without thought or with all of it. Routed answers without thought first, and with
it where the least likely token of that answer had a probability under {threshold:g}. A cell is the
share of right answers at so many tokens of thought for one, those of all its samples and steps;
tokens are all that were generated.
"""

if __name__ == "__main__":
    main()
