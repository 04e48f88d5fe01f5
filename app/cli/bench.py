"""`candor bench`: how fast a model reads and writes on this computer."""

from collections.abc import Iterator, Sequence
from typing import Any

import click
from msgspec import Struct, to_builtins

from app.cli import output
from app.cli.measure import Benchmark, Round, Spread, spread
from app.cli.options import json_option, load_command, model_options
from app.cli.process_stats import process_stats
from app.cli.terminal import Terminal
from app.domain.models import ModelInfo


class Report(Struct, frozen=True, kw_only=True):
    """What a benchmark found.

    `disturbed_rounds` and `peak_memory_bytes` (of the worker) are None where the system does not
    tell.
    """

    model: str
    providers: tuple[str, ...]
    prompt_tokens: int
    completion_tokens: int
    prefill_tokens_per_s: Spread
    decode_tokens_per_s: Spread
    first_token_s: Spread
    disturbed_rounds: int | None
    peak_memory_bytes: int | None
    rounds: tuple[Round, ...]


def _number(name: str, least: int, default: int, text: str) -> Any:
    kind = click.IntRange(least, 10**6)
    return click.option(name, type=kind, default=default, metavar="N", show_default=True, help=text)


@click.command()
@_number("--prompt-tokens", 1, 256, "Length of the prompt.")
@_number("--max-tokens", 2, 64, "Tokens to generate.")
@_number("--rounds", 1, 5, "How often to measure.")
@model_options
@json_option
@click.pass_obj
def bench(
    terminal: Terminal, prompt_tokens: int, max_tokens: int, rounds: int, **options: Any
) -> None:
    """Measure how fast a model reads and writes on this computer."""
    with terminal.session() as session:
        info = session.load(load_command(options))
        benchmark = Benchmark(session, info, prompt_tokens, max_tokens)
        with session.bar.kept():
            measured = tuple(benchmark.rounds(rounds))
        peak = process_stats(session.pid).peak_bytes
    report = _report(info, (prompt_tokens, max_tokens), measured, peak)
    if options["as_json"]:
        output.write(to_builtins(report))
    else:
        terminal.lines(_lines(report))


def _report(
    info: ModelInfo, size: tuple[int, int], rounds: tuple[Round, ...], peak: int | None
) -> Report:
    disturbed = [each.disturbed for each in rounds]
    return Report(
        model=info.name,
        providers=info.providers,
        prompt_tokens=size[0],
        completion_tokens=size[1],
        prefill_tokens_per_s=spread([each.prefill_tokens_per_s for each in rounds]),
        decode_tokens_per_s=spread([each.decode_tokens_per_s for each in rounds]),
        first_token_s=spread([each.first_token_s for each in rounds]),
        disturbed_rounds=None if None in disturbed else disturbed.count(True),
        peak_memory_bytes=peak,
        rounds=rounds,
    )


def _lines(report: Report) -> Iterator[str]:
    yield (
        f"{report.model} on {', '.join(report.providers)}: {report.prompt_tokens} prompt tokens,"
        f" {report.completion_tokens} generated, {len(report.rounds)} rounds"
    )
    yield _line("prefill", report.prefill_tokens_per_s, "tokens/s")
    yield _line("decode", report.decode_tokens_per_s, "tokens/s")
    yield _line("first token", report.first_token_s, "s", digits=3)
    yield f"{'cores used':<12} {_cores(report.rounds)}"
    yield f"{'peak memory':<12} {_megabytes(report.peak_memory_bytes)}"
    yield _validity(report)


def _line(name: str, values: Spread, unit: str, digits: int = 1) -> str:
    middle, least, most = (
        f"{value:,.{digits}f}" for value in (values.median, values.least, values.most)
    )
    return f"{name:<12} {middle} {unit}  ({least} to {most})"


def _cores(rounds: Sequence[Round]) -> str:
    used = [each.cores for each in rounds if each.cores is not None]
    return f"{spread(used).median:.2f}" if used else "not told by this system"


def _megabytes(size: int | None) -> str:
    return "not told by this system" if size is None else f"{size / 2**20:,.0f} MB"


def _validity(report: Report) -> str:
    if report.disturbed_rounds is None:
        return "Whether other programs disturbed the rounds cannot be told on this system."
    if report.disturbed_rounds == 0:
        return "No round was disturbed by other programs."
    return (
        f"{report.disturbed_rounds} of {len(report.rounds)} rounds were disturbed: other programs"
        " held the cores, so the true speed is higher."
    )
