"""`candor bench`: how fast a model reads and writes on this computer."""

import asyncio
from collections.abc import Iterator
from typing import Any

import click
from msgspec import to_builtins

from app.cli import output
from app.cli.figures import divergence
from app.cli.options import json_option, load_command, model_options
from app.cli.progress import ProgressBar
from app.cli.terminal import Terminal
from app.domain.benchmark import BenchmarkReport, Size
from app.domain.preparation import Preparation
from app.domain.requests import Load
from app.services.benchmark import wording
from app.services.benchmark.benchmark import Benchmark
from app.services.host_status import HostStatus


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
    """Measure how fast a model reads and writes on this computer.

    The rounds read a fresh prompt and write an answer. Then come runs of several tokens at once,
    as a draft is verified, answers side by side, and how near this is to what the memory allows.
    """
    size = Size(prompt_tokens=prompt_tokens, completion_tokens=max_tokens, rounds=rounds)
    preparation, report = asyncio.run(_measure(terminal, load_command(options), size))
    if options["as_json"]:
        output.write({**to_builtins(report), "preparation": to_builtins(preparation)})
    else:
        terminal.lines(_lines(preparation, report))


async def _measure(
    terminal: Terminal, load: Load, size: Size
) -> tuple[Preparation, BenchmarkReport]:
    engine, bar = terminal.engine(), ProgressBar(terminal.err)

    def loading(status: HostStatus) -> None:
        if status.progress is not None:
            bar.update("Loading the model", status.progress.done, status.progress.total)

    engine.observe(loading)
    try:
        model = await engine.load(
            load.path, load.variant, load.provider, load.device, None, load.precision, load.kv
        )
        return model.preparation, await Benchmark(engine, model, size, bar.update).run()
    finally:
        bar.clear()
        await engine.close()


def _lines(preparation: Preparation, report: BenchmarkReport) -> Iterator[str]:
    yield wording.heading(report)
    for name, words in wording.findings(report):
        yield f"{name:<12} {words}"
    if preparation.divergence:
        yield f"{'exactness':<12} {divergence(preparation.divergence)}"
    yield wording.validity(report)
