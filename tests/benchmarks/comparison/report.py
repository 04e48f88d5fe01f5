"""The Markdown of RESULTS.md: asked and reached figures first, then every system, then profiles."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tests.benchmarks.comparison.run import Found, Plan
from tests.benchmarks.comparison.samples import Figure
from tests.benchmarks.comparison.systems import GROUPS, READS, System
from tests.benchmarks.comparison.targets import Reached, reached

MARK = "<!-- What follows is not written by the comparison. -->\n"
READ_BYTES = 512 * 2**20
_LEAST_SHARE = 0.01  # of a run's time; operators below are added up
_INTRODUCTION = """\
# Candor's engine beside others

Written by `python -m tests.benchmarks.compare`; its first lines say how it measures. Weights are
random, so these are speeds and sizes, not answers. Every process has {threads} threads. Systems of
one table took turns in one run; numbers of two tables must not be divided by each other. A sample
is clean where its process got at least {whole:.2f} processor seconds for each second. Where two
numbers stand, the first is the median of the clean samples and the second the fastest of all.
Private memory is what is in no file, after the first prompt and answers of a conversation; the rest
of the peak is weights that the system reads from the disk's cache and can take back.
Candor makes its full record for every token: logprob, rank, entropy and the five likeliest.
"""


class Stored(Struct, frozen=True, kw_only=True):
    """A run of one group, as it is kept; `bytes_per_token` by system at the plan's context."""

    shape: str
    group: str
    day: str
    machine: str
    threads: int
    plan: Plan
    bytes_per_token: dict[str, float]
    found: Found


def page(runs: Sequence[Stored], whole: float) -> str:
    """The whole page."""
    threads = max(run.threads for run in runs)
    parts = [_INTRODUCTION.format(threads=threads, whole=whole * threads)]
    parts += ["\n".join(_asked(shape, runs)) for shape in dict.fromkeys(r.shape for r in runs)]
    parts += ["\n".join(_section(run)) for run in runs]
    return "\n".join(parts)


def by_others(page: str) -> str:
    """The mark, and what stands below it on a page as it was."""
    return MARK + page.partition(MARK)[2]


def _asked(shape: str, runs: Sequence[Stored]) -> Iterator[str]:
    yield f"## Asked and reached: {shape}\n"
    yield "| what | asked | reached | |"
    yield "|---|---|---|---|"
    figures = {run.group: run.found.figures for run in runs if run.shape == shape}
    for group in GROUPS:
        yield from map(_verdict, reached(group, figures.get(group, {})))
    yield ""


def _verdict(each: Reached) -> str:
    target = each.target
    asked = f"{'at most' if target.share else 'at least'} {target.asked:g}x"
    if each.least is None:
        return f"| {target.text} | {asked} | - | not measured |"
    clean = "-" if each.clean is None else f"{each.clean:.2f}"
    met = "" if each.met else "**missed**"
    return f"| {target.text} | {asked} | {clean} / {each.least:.2f} | {met} |"


def _section(run: Stored) -> Iterator[str]:
    yield f"## {run.shape}, {run.group}\n"
    yield f"{run.day}, {run.machine}; {run.plan.rounds} rounds.{_reads(run)}\n"
    shown = [each for each in GROUPS[run.group] if each.name in run.found.figures]
    yield from _table(run, [each for each in shown if each.name != READS.name])
    for name, reason in run.found.failures.items():
        yield f"{_title(run.group, name)} was left out: {reason}\n"
    for name, parts in run.found.profiles.items():
        yield from _profile(_title(run.group, name), parts)


def _reads(run: Stored) -> str:
    roof = _roof(run)
    return "" if roof is None else f" Memory was read at {roof / 1e9:.0f} GB/s at best."


def _roof(run: Stored) -> float | None:
    figures = run.found.figures.get(READS.name, {})
    return READ_BYTES / figures["reads"].least if "reads" in figures else None


def _table(run: Stored, systems: Sequence[System]) -> Iterator[str]:
    columns = {
        f"prefill {run.plan.context}, tokens/s": ("prefill", _rate),
        f"decode at {run.plan.context}, ms": ("decode", _milliseconds),
        f"decode at {run.plan.long_context:,}, ms": ("long", _milliseconds),
        f"batch of {run.plan.rows}, ms a token": ("batch", _milliseconds),
        "load, s": ("load", _seconds),
        "peak memory, MB": ("peak", _megabytes),
        "private memory, MB": ("private", _megabytes),
    }
    used = {
        title: (measure, write)
        for title, (measure, write) in columns.items()
        if any(measure in run.found.figures[each.name] for each in systems)
    }
    yield "| system | " + " | ".join(used) + " | of the roof |"
    yield "|---" * (len(used) + 2) + "|"
    for each in systems:
        figures = run.found.figures[each.name]
        cells = [
            write(figures[measure]) if measure in figures else ""
            for measure, write in used.values()
        ]
        yield f"| {each.title} | " + " | ".join(cells) + f" | {_of_roof(run, each)} |"
    yield ""


def _of_roof(run: Stored, system: System) -> str:
    """How near decoding is to reading its bytes at the machine's best rate."""
    roof, decode = _roof(run), run.found.figures[system.name].get("decode")
    if roof is None or decode is None:
        return ""
    floor = run.bytes_per_token[system.name] / roof
    return f"{floor / (decode.clean or decode.least):.0%}".replace("%", " %")


def _pair(figure: Figure, write: str, factor: float) -> str:
    clean = "-" if figure.clean is None else format(figure.clean * factor, write)
    return f"{clean} / {format(figure.least * factor, write)}"


def _milliseconds(figure: Figure) -> str:
    return f"{_pair(figure, '.2f', 1e3)} ({figure.count} of {figure.of})"


def _seconds(figure: Figure) -> str:
    return _pair(figure, ".2f", 1.0)


def _rate(figure: Figure) -> str:
    clean = "-" if figure.clean is None else f"{1 / figure.clean:.0f}"
    return f"{clean} / {1 / figure.least:.0f} ({figure.count} of {figure.of})"


def _megabytes(figure: Figure) -> str:
    return f"{figure.least / 2**20:,.0f}"


def _title(group: str, name: str) -> str:
    return next(each.title for each in GROUPS[group] if each.name == name)


def _profile(title: str, parts: dict[str, dict[str, float]]) -> Iterator[str]:
    """Milliseconds by operator: of the whole prefill, and of the decode step in the middle."""
    yield f"{title}, milliseconds by operator:\n"
    yield "| operator | " + " | ".join(parts) + " |"
    yield "|---" * (len(parts) + 1) + "|"
    totals = {part: sum(times.values()) for part, times in parts.items()}
    names = sorted(set().union(*parts.values()), key=lambda name: -_most(name, parts, totals))
    large = [name for name in names if _most(name, parts, totals) >= _LEAST_SHARE]
    for name in large:
        yield _times(name, [times.get(name, 0.0) for times in parts.values()])
    rest = [
        totals[part] - sum(times.get(name, 0.0) for name in large) for part, times in parts.items()
    ]
    if any(round(each, 2) for each in rest):
        yield _times("others", rest)
    yield _times("all", list(totals.values()))
    yield ""


def _most(name: str, parts: dict[str, dict[str, float]], totals: dict[str, float]) -> float:
    return max(times.get(name, 0.0) / totals[part] for part, times in parts.items())


def _times(name: str, milliseconds: Sequence[float]) -> str:
    return f"| {name} | " + " | ".join(f"{each:.2f}" for each in milliseconds) + " |"
