"""`candor classify` and `candor calibrate`: labels for texts, and how far to believe them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from app import paths
from app.cli import output
from app.cli.figures import percent
from app.cli.options import json_option, load_command, model_options
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.texts import read
from app.domain.calibration import Calibration, Fit
from app.domain.classification import Confusion, Correction, Prediction, check_labels
from app.domain.models import ModelInfo
from app.errors import InvalidRequest
from app.services.calibrations import Calibrations
from app.services.classifying import INSTRUCTION, LabelTask, Table, read_table, write_table
from app.services.label_job import LabelJob, Scores


def _task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--labels", required=True, metavar="A,B,C", help="The labels to choose from."),
        click.option(
            "--instruction",
            default=INSTRUCTION,
            metavar="TEXT",
            help="What the model is asked; {text} and {labels} stand in it.",
        ),
        click.option(
            "--correct",
            type=click.Choice([each.value for each in Correction]),
            default=Correction.NONE.value,
            show_default=True,
            help="length: mean logprob of a label's tokens; prior: less that without any text.",
        ),
        click.option("--column", default="text", show_default=True, help="The column of texts."),
        click.option("--truth", default="label", show_default=True, help="That of true labels."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("file", required=False)
@click.option("--text", help="One text instead of a table.")
@_task_options
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help="Give no label where the likeliest is less probable than this.",
)
@click.option("--calibrated", is_flag=True, help="Use what `candor calibrate` has fitted.")
@click.option("--out", metavar="FILE", help="Where to write the table; standard output if none.")
@model_options
@json_option
@click.pass_obj
def classify(terminal: Terminal, file: str | None, text: str | None, **options: Any) -> None:
    """Find the label of each text in FILE, a CSV table (- is standard input), or of one --text.

    A label's probability is that of the whole label, however many tokens it has, as the answer.
    The table comes out with what was found; where it has true labels, the confusion is told.
    """
    task = _task(options)
    if (file is None) == (text is None):
        raise click.UsageError("Give either a FILE or --text.")
    table = read_table(read(file)) if file else Table(("text",), ({"text": text or ""},))
    truths = options["truth"] if options["truth"] in table.columns else None
    job = LabelJob.of_table(task, table, options["column"] if file else "text", truths)
    with terminal.session() as session:
        info = session.load(load_command(options))
        fitted = _calibrations().find(info, task) if options["calibrated"] else None
        found = job.predictions(_answers(session, info, job), fitted)
    matrix = job.confusion(found)
    if options["as_json"]:
        output.write(_object(job, found, matrix))
    elif file:
        _write(terminal, options["out"], write_table(table, task.labels, found))
        terminal.note("\n".join(_matrix(matrix)) if matrix else f"{len(found):,} rows")
    else:
        terminal.lines(_single(task, found[0]))


@click.command("calibrate")
@click.argument("file")
@_task_options
@click.option(
    "--fit",
    type=click.Choice([each.value for each in Fit]),
    default=Fit.TEMPERATURE.value,
    show_default=True,
    help="One temperature for all, or a rising step function.",
)
@model_options
@json_option
@click.pass_obj
def calibrate_command(terminal: Terminal, file: str, **options: Any) -> None:
    """Find out how far this model's confidence can be believed, from a CSV table of labelled texts.

    The fit is kept for the model and these labels; `candor classify --calibrated` applies it.
    """
    task = _task(options)
    table = read_table(read(file))
    job = LabelJob.of_table(task, table, options["column"], options["truth"])
    with terminal.session() as session:
        info = session.load(load_command(options))
        found = job.calibrate(_answers(session, info, job), Fit(options["fit"]))
    kept = _calibrations().keep(info, found)
    if options["as_json"]:
        output.write({**to_builtins(found), "file": str(kept)})
    else:
        terminal.lines(_calibrated(found, kept))


def _task(options: dict[str, Any]) -> LabelTask:
    return LabelTask(
        labels=check_labels(options["labels"].split(",")),
        instruction=options["instruction"],
        correction=Correction(options["correct"]),
        threshold=options.get("threshold", 0.0),
    )


def _calibrations() -> Calibrations:
    return Calibrations(paths.calibrations())


def _answers(session: Session, info: ModelInfo, job: LabelJob) -> list[Scores]:
    asked = job.requests(info)
    found: list[Scores] = []
    for done, request in enumerate(asked):
        session.bar.update("Classifying", done, len(asked))
        found.append(session.classify(request).scores)
    session.bar.clear()
    return found


def _write(terminal: Terminal, out: str | None, table: str) -> None:
    if out is None:
        click.echo(table, nl=False)
        return
    try:
        Path(out).write_text(table, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise InvalidRequest(f"The file {out} cannot be written: {reason}.") from error


def _object(
    job: LabelJob, found: tuple[Prediction, ...], matrix: Confusion | None
) -> dict[str, Any]:
    rows = [
        {
            "text": text,
            "label": each.label,
            "likeliest": each.likeliest,
            "confidence": each.confidence,
            "coverage": each.coverage,
            "probabilities": dict(zip(job.task.labels, each.probabilities, strict=True)),
        }
        for text, each in zip(job.texts, found, strict=True)
    ]
    told = None
    if matrix is not None:
        told = {"labels": matrix.labels, "counts": matrix.counts, "accuracy": matrix.accuracy}
        told["abstained"] = matrix.abstained
    return {"labels": job.task.labels, "rows": rows, "confusion": told}


def _single(task: LabelTask, found: Prediction) -> Iterator[str]:
    pairs = zip(task.labels, found.probabilities, strict=True)
    for label, share in sorted(pairs, key=lambda pair: -pair[1]):
        yield f"{percent(share):>9}  {label}"
    yield f"label: {found.label or 'none reaches the threshold'}"
    yield f"the model answers with one of them at {percent(found.coverage)}"


def _matrix(found: Confusion) -> Iterator[str]:
    width = max(map(len, (*found.labels, "(none)"))) + 2
    yield " " * width + "".join(f"{name:>{width}}" for name in (*found.labels, "(none)"))
    for label, row in zip(found.labels, found.counts, strict=True):
        yield f"{label:<{width}}" + "".join(f"{count:>{width}}" for count in row)
    right = "-" if found.accuracy is None else percent(found.accuracy)
    yield f"right {right} of those with a label; {found.abstained:,} without"


def _calibrated(found: Calibration, kept: Path) -> Iterator[str]:
    yield f"{found.count:,} examples, {percent(found.accuracy)} right"
    yield "confidence   examples   mean   right"
    for each in found.before:
        yield (
            f"{each.low:.1f} to {each.high:.1f}  {each.count:>9}  {each.confidence:.2f}"
            f"   {each.accuracy:.2f}"
        )
    yield f"expected calibration error {found.ece_before:.3f}"
    if found.fit is Fit.TEMPERATURE:
        yield f"fitted: temperature {found.temperature:.3g}"
    else:
        yield f"fitted: {len(found.points)} steps"
    yield f"error with a fit, on examples that it was not made from: {found.ece_after:.3f}"
    yield f"two halves for that, each with every label, drawn by seed {found.seed}"
    if found.note:
        yield found.note
    yield f"kept in {kept}"
