"""Answers with drafts beside the same answers without, in turns: the built-in pair and lookup.

Run by hand: `python -P -m tests.benchmarks.bench_draft [ROUNDS]`. Each question is answered plainly
and with drafts one after the other, so that a disturbance meets both alike; the gain is the median
of the pairs. All tokens are compared: drafts may change nothing.
"""

import sys
import time
from collections.abc import Sequence
from statistics import median

from app import paths
from app.domain.drafting import Drafting, DraftKind, DraftReport
from app.domain.events import Delta, Event, Finished
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, Provider
from app.domain.sampling import SamplingParams
from app.engine import generate
from app.engine.model import Model, open_model
from app.engine.speculation.drafts import Drafts

QUESTIONS = (
    "What is 8372 + 91823?",
    "What is a token?",
    "Sort these words: pear, fig, apple, plum, kiwi, date",
    "What does the heatmap show?",
)
KINDS = (DraftKind.AUTO, DraftKind.LOOKUP)
SAMPLING = {
    "greedy": SamplingParams(temperature=0.0),
    "sampled": SamplingParams(seed=1, temperature=0.6, top_p=0.95, top_k=20),
}


def main(rounds: int) -> None:
    """Print the table."""
    model = open_model(paths.built_in_model(), None, Provider.CPU, lambda done, total: None)
    drafts = Drafts(model)
    print("| drafts | sampling | gain, median of pairs | tokens kept |")
    print("|---|---|---|---|")
    for kind in KINDS:
        for name, sampling in SAMPLING.items():
            print(
                f"| {kind} | {name} | {_row(model, drafts, kind, sampling, rounds)} |", flush=True
            )


def _row(
    model: Model, drafts: Drafts, kind: DraftKind, sampling: SamplingParams, rounds: int
) -> str:
    gains: list[float] = []
    proposed = kept = 0
    for question in QUESTIONS * rounds:
        plain, ids, _ = _answered(model, drafts, question, sampling, DraftKind.OFF)
        drafted, same, report = _answered(model, drafts, question, sampling, kind)
        assert ids == same, question
        assert report
        gains.append(plain / drafted)
        proposed, kept = proposed + report.proposed, kept + report.kept
    return f"{median(gains):.2f}x | {kept:,} of {proposed:,}"


def _answered(
    model: Model, drafts: Drafts, question: str, sampling: SamplingParams, kind: DraftKind
) -> tuple[float, Sequence[int], DraftReport | None]:
    """Seconds of the answer behind its first token, its ids and what drafts did."""
    prompt = ChatPrompt((Message(Role.USER, question),))
    request = Generate(prompt=prompt, sampling=sampling, max_tokens=400)
    drafter = drafts.drafter(Drafting(kind=kind), lambda done, total: None)
    events: list[Event] = []
    began = 0.0
    for news in generate.alone(model, generate.begin(model, request, drafter)):
        events += news
        if not began and any(isinstance(event, Delta) for event in news):
            began = time.perf_counter()
    seconds = time.perf_counter() - began
    tokens = [token.id for each in events if isinstance(each, Delta) for token in each.tokens]
    last = events[-1]
    assert isinstance(last, Finished)
    return seconds, tokens, last.drafting


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
