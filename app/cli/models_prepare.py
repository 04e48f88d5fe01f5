"""`candor models prepare`: makes a copy of a model's graph that runs faster on this computer."""

from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import to_builtins

from app.cli import output
from app.cli.figures import divergence, megabytes
from app.cli.options import json_option, kv_option, precision_option
from app.cli.terminal import Terminal
from app.domain.preparation import KvCache, Precision, PreparationReport, Step
from app.domain.requests import Prepare


@click.command()
@click.argument("folder", metavar="DIR|FILE.onnx")
@click.option("--variant", metavar="NAME", help="Which of the model's variants to prepare.")
@precision_option
@kv_option
@json_option
@click.pass_obj
def prepare(
    terminal: Terminal, folder: str, variant: str | None, precision: str, kv: str, as_json: bool
) -> None:
    """Make the model in DIR run faster on this computer.

    A changed copy of its graph is stored in the profile folder and used from then on; the files in
    DIR stay as they are. What the changes cost is measured against the original and shown.
    """
    asked = Prepare(str(Path(folder).absolute()), variant, Precision(precision), KvCache(kv))
    with terminal.session() as session, session.bar.kept():
        report = session.prepare(asked)
    if as_json:
        output.write(to_builtins(report))
    else:
        terminal.lines(_lines(report))


def _lines(report: PreparationReport) -> Iterator[str]:
    done = "prepared" if report.renewed else "already prepared"
    cache = ", with a cache of 8 bits" if report.preparation.kv is KvCache.INT8 else ""
    graph = f"the {report.preparation.precision.value} graph"
    yield f"{report.name}, {report.variant}: {done}; it runs {graph}{cache}."
    yield f"  {report.preparation.reason}"
    yield ""
    for step in report.preparation.steps:
        yield f"  {'+' if step.applied else '-'} {_step(step)}"
    yield ""
    yield f"  exact steps   a logit changes by at most {report.exact_deviation:.2g}"
    if cost := report.preparation.divergence:
        name = "8-bit cache" if report.preparation.kv is KvCache.INT8 else "fast graph"
        yield f"  {name:<12}  {divergence(cost)}"
    sizes = megabytes(report.prepared_bytes), megabytes(report.original_bytes)
    yield f"  on the disk   {sizes[0]}, beside {sizes[1]}"
    if report.seconds:
        times = ", ".join(f"{name} {each:.1f} s" for name, each in report.seconds.items())
        yield f"  took          {times}"
    yield f"  folder        {report.folder}"


def _step(step: Step) -> str:
    kind = "" if step.exact else " (changes numbers)"
    return f"{step.name}{kind}{f': {step.note}' if step.note else ''}"
