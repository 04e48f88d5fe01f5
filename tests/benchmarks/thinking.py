"""Accuracy against tokens of thought, on the built-in model and questions that it never saw.

`PYTHONPATH=packaging .venv/bin/python -m tests.benchmarks.thinking [PROBLEMS]` asks PROBLEMS of
each task with each budget, with several answers at once, and routed; it writes the table into
RESULTS.md and the points of the curve into resources/measure/thinking.json.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

    @property
    def thought(self) -> int:
        return self.finished.usage.reasoning_tokens


@dataclass(frozen=True)
class Row:
    """How a way of answering did on a task: shares of right ones, mean tokens in all."""

    way: str
    task: str
    right: float
    tokens: float


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    model = open_model(paths.built_in_model(), None, Provider.CPU, lambda done, total: None)
    rows: list[Row] = []
    for task, size in TASKS.items():
        for row in _measure(model, task, problems(task, size, count, "high")):
            rows.append(row)
            sys.stderr.write(f"{row.way:22} {row.task:9} {row.right:.2f} {row.tokens:.0f}\n")
    _write(rows, count)


def _measure(model: Model, task: str, chats: Sequence[Conversation]) -> Iterator[Row]:
    free: list[Said] = []
    quick: list[Said] = []
    for budget in BUDGETS:
        requests = [_request(chat, budget) for chat in chats]
        said = _ask(model, requests)
        free, quick = said, said if budget == 0 else quick
        way = "no limit" if budget is None else f"{budget} tokens"
        yield _row(way, task, chats, [each.text for each in said], _cost(said))
    for samples in SAMPLES:
        drawn = [replace(_request(chat, 0), sampling=DRAWN) for chat in chats]
        groups = [_ask(model, best_of.requests(each, samples)) for each in drawn]
        finals = [_winner(group) for group in groups]
        yield _row(f"best of {samples}, no thought", task, chats, finals, sum(map(_cost, groups)))
    routed = [
        short if (certainty(short.tokens) or 0) >= DEFAULT_THRESHOLD else long
        for short, long in zip(quick, free, strict=True)
    ]
    further = [long for long in routed if any(long is each for each in free)]
    yield _row("routed", task, chats, [each.text for each in routed], _cost(quick) + _cost(further))


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


def _cost(said: Sequence[Said]) -> int:
    return sum(each.finished.usage.completion_tokens for each in said)


def _row(
    way: str, task: str, chats: Sequence[Conversation], texts: Sequence[str], cost: int
) -> Row:
    right = sum(text.strip() in chat.accepted for chat, text in zip(chats, texts, strict=True))
    return Row(way, task, right / len(chats), cost / len(chats))


def _write(rows: Sequence[Row], count: int) -> None:
    """Renew the part of RESULTS.md between its marks, and the points of the curve."""
    ways = list(dict.fromkeys(row.way for row in rows))
    cells = {(row.way, row.task): row for row in rows}
    lines = [
        f"| way | {' | '.join(TASKS)} | all right | tokens an answer |",
        f"|---|{'---:|' * (len(TASKS) + 2)}",
    ]
    points: list[dict[str, object]] = []
    for way in ways:
        found = [cells[way, task] for task in TASKS]
        right = sum(row.right for row in found) / len(found)
        tokens = sum(row.tokens for row in found) / len(found)
        shares = " | ".join(f"{row.right:.0%}" for row in found)
        lines.append(f"| {way} | {shares} | {right:.0%} | {tokens:.0f} |")
        points.append({"way": way, "right": round(right, 4), "tokens": round(tokens, 1)})
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


def _introduced(count: int) -> str:
    return _INTRODUCTION.format(count=count, threshold=DEFAULT_THRESHOLD)


_INTRODUCTION = """\
candor-small on {count} questions of each task that it was never trained on (sums of 4 digits,
products of 2, 6 words sorted, letters of words of 9, 3 spans of time), by
`PYTHONPATH=packaging python -m tests.benchmarks.thinking`. Budgets limit the tokens of thought,
which end without a sentence; they are greedy. The best of several are drawn at temperature 0.7
without thought. Routed answers without thought first, and with it where the least likely token of
that answer had a probability under {threshold:g}. Tokens are all that were generated.
"""

if __name__ == "__main__":
    main()
