"""Answers with drafts beside the same answers without, in turns.

Run by hand: `python -P -m tests.benchmarks.bench_draft [NAMES] [ROUNDS]`. At Qwen3-0.6B's shape a
model that copies writes a text that can be looked up, and one whose repeats all go on otherwise,
so that no draft is ever kept; the built-in pair answers short questions. Each is answered plainly
and with drafts one after the other. Only answers for whose time the process had all its cores
are clean; the gain is that of the clean medians, behind it that of the least times, and the same
behind the first tokens, when the pace is adapted. All tokens are compared: drafts may change
nothing. Above the table stands what checking costs, and the gain where all is kept.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import platformdirs

from app import paths
from app.domain.drafting import Drafting, DraftKind, DraftReport
from app.domain.events import Delta, Finished
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Measure, Prompt, Provider
from app.domain.sampling import SamplingParams
from app.engine import generate
from app.engine.measure import measure
from app.engine.model import Model, open_model
from app.engine.speculation.drafts import Drafts
from tests.benchmarks import copying, real_shapes
from tests.benchmarks.comparison.samples import Sample, figure, ratio

QUESTIONS = (
    "What is 8372 + 91823?",
    "What is a token?",
    "Sort these words: pear, fig, apple, plum, kiwi, date",
    "What does the heatmap show?",
)
GREEDY = SamplingParams(temperature=0.0)
SAMPLED = SamplingParams(seed=1, temperature=0.6, top_p=0.95, top_k=20)
SHAPE = real_shapes.SIZES["qwen3-0.6b"]
SMALL = replace(SHAPE, layers=2)
"""The least that copies: of the big one's step it takes the head and a fourteenth of the layers."""
OTHER = replace(SHAPE, layers=2, heads=8, kv_heads=4)
WIDTHS = (1, 2, 3, 5, 9, 13, 17)
ADAPTED = 64  # tokens
TOKENS = 192
THREADS = 2


@dataclass(frozen=True)
class Case:
    """An answer to time, and who drafts."""

    name: str
    prompts: Sequence[Prompt]
    drafting: Drafting
    sampling: SamplingParams = GREEDY
    tokens: int = TOKENS


@dataclass(frozen=True)
class Timed:
    """Seconds of an answer behind its first token, the same behind those that adapt, its ids."""

    whole: Sample
    adapted: Sample
    ids: tuple[int, ...]
    report: DraftReport | None


def main(names: Sequence[str], rounds: int) -> None:
    """Print a table for each model of which a case is wanted."""
    for path, cases in _cases().items():
        chosen = [each for each in cases if not names or each.name in names]
        if chosen:
            model = open_model(path, None, Provider.CPU, lambda done, total: None)
            _tell_costs(model)
            _table(model, chosen, rounds)


def _cases() -> dict[Path, Sequence[Case]]:
    copied = [IdsPrompt(copying.text(400, SHAPE))]
    never = [IdsPrompt(copying.false_repeats(TOKENS + 8, SHAPE))]
    lookup = Drafting(kind=DraftKind.LOOKUP)
    small, other = (
        Drafting(kind=DraftKind.MODEL, path=str(_written(name)))
        for name in ("copying-draft", "other-draft")
    )
    questions = [ChatPrompt((Message(Role.USER, each),)) for each in QUESTIONS]
    auto = Drafting(kind=DraftKind.AUTO)
    return {
        _written("copying"): [
            Case("copied-lookup", copied, lookup),
            Case("copied-draft", copied, small),
            Case("never-lookup", never, lookup),
            Case("never-draft", copied, other),
        ],
        paths.built_in_model(): [
            Case("pair-greedy", questions, auto, GREEDY, 400),
            Case("pair-sampled", questions, auto, SAMPLED, 400),
            Case("lookup-greedy", questions, lookup, GREEDY, 400),
            Case("lookup-sampled", questions, lookup, SAMPLED, 400),
        ],
    }


def _written(name: str) -> Path:
    """A model of this file, written the first time."""
    writers = {
        "copying": lambda folder: copying.write_copying(folder, SHAPE),
        "copying-draft": lambda folder: copying.write_copying(folder, SMALL),
        "other-draft": lambda folder: real_shapes.write_genai(folder, OTHER),
    }
    cache = Path(platformdirs.user_cache_dir("candor-compare", appauthor=False))
    folder = cache / "drafts" / name
    if not (folder / "config.json").exists():
        writers[name](folder)
    return folder


def _tell_costs(model: Model) -> None:
    measured = measure(model, Measure(context=400, widths=WIDTHS), lambda done, total: False)
    assert measured
    one = measured.seconds[0]
    pairs = list(zip(WIDTHS, measured.seconds, strict=True))
    costs = ", ".join(f"{width}: {seconds / one:.2f}" for width, seconds in pairs)
    bound = max(width * one / seconds for width, seconds in pairs)
    print(f"\n{model.info.name}: a step takes {1000 * one:.2f} ms")
    print(f"Steps that a run of so many tokens costs: {costs}")
    print(f"Gain where all are kept: at most {bound:.2f}x\n")


def _table(model: Model, cases: Iterable[Case], rounds: int) -> None:
    print("| case | gain: clean | least | adapted: clean | least | kept | clean | says |")
    print("|---|---|---|---|---|---|---|---|")
    drafts = Drafts(model)
    for case in cases:
        _answered(model, drafts, case, case.prompts[0], case.drafting)  # warms up
        print(f"| {case.name} | {_row(model, drafts, case, rounds)} |", flush=True)


def _row(model: Model, drafts: Drafts, case: Case, rounds: int) -> str:
    plain: list[Timed] = []
    drafted: list[Timed] = []
    for _ in range(rounds):
        for prompt in case.prompts:
            plain.append(_answered(model, drafts, case, prompt, Drafting()))
            drafted.append(_answered(model, drafts, case, prompt, case.drafting))
            assert plain[-1].ids == drafted[-1].ids
    reports = [each.report for each in drafted if each.report]
    kept = sum(each.kept for each in reports), sum(each.proposed for each in reports)
    told = median(each.speedup or 0 for each in reports)
    clean = [figure([each.whole for each in side], THREADS).count for side in (plain, drafted)]
    return " | ".join(
        [
            _gains([each.whole for each in plain], [each.whole for each in drafted]),
            _gains([each.adapted for each in plain], [each.adapted for each in drafted]),
            f"{kept[0]:,} of {kept[1]:,}",
            f"{clean[0]} and {clean[1]} of {len(plain)}",
            f"{told:.2f}x {' '.join(reports[0].notes)}",
        ]
    )


def _gains(plain: Sequence[Sample], drafted: Sequence[Sample]) -> str:
    clean, least = ratio(figure(plain, THREADS), figure(drafted, THREADS))
    return f"{'-' if clean is None else f'{clean:.2f}x'} | {least:.2f}x"


def _answered(
    model: Model, drafts: Drafts, case: Case, prompt: Prompt, drafting: Drafting
) -> Timed:
    request = Generate(prompt=prompt, sampling=case.sampling, max_tokens=case.tokens)
    drafter = drafts.drafter(drafting, lambda done, total: None)
    ids: list[int] = []
    marks: list[tuple[int, float, float]] = []
    report: DraftReport | None = None
    for news in generate.alone(model, generate.begin(model, request, drafter)):
        for event in news:
            if isinstance(event, Delta):
                ids += [each.id for each in event.tokens]
            elif isinstance(event, Finished):
                report = event.drafting
        if ids:
            marks.append((len(ids), time.perf_counter(), time.process_time()))
    first, last = marks[0], marks[-1]
    adapted = next((each for each in marks if each[0] >= min(ADAPTED, len(ids) // 2)), first)
    return Timed(_between(first, last), _between(adapted, last), tuple(ids), report)


def _between(begin: tuple[int, float, float], end: tuple[int, float, float]) -> Sample:
    """Seconds for a token, since drafts do not stop at the same places."""
    wall = end[1] - begin[1]
    return Sample(wall / (end[0] - begin[0]), (end[2] - begin[2]) / wall)


if __name__ == "__main__":
    given = sys.argv[1:]
    rounds = int(given.pop()) if given and given[-1].isdigit() else 6
    main(given, rounds)
