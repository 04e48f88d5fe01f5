"""`candor compare`: how far two models, variants, devices or precisions are apart on a text."""

from collections.abc import Iterator
from typing import Any

import click
from msgspec import structs

from app.cli import output
from app.cli.figures import percent, quoted
from app.cli.options import ids_option, json_option, load_command, model_options
from app.cli.terminal import Terminal
from app.cli.texts import read
from app.cli.types import DeviceChoice
from app.domain.comparison import Piece, Summary, worst
from app.domain.events import Compared, ComparedPart, Event
from app.domain.models import ModelInfo
from app.domain.preparation import Precision
from app.domain.requests import Compare, IdsPrompt, Load, TextPrompt
from app.domain.tokens import LEAST_LOGPROB
from app.errors import Bug

MOST_SHOWN = 10


@click.command()
@click.argument("file", required=False)
@ids_option
@model_options
@click.option(
    "--with", "other", metavar="DIR|FILE.onnx", help="The second model; if none, the same."
)
@click.option("--with-variant", metavar="NAME", help="The second model's variant.")
@click.option("--with-device", type=DeviceChoice(), help="Where the second model runs.")
@click.option(
    "--with-precision",
    type=click.Choice([precision.value for precision in Precision]),
    help="The second model's precision.",
)
@json_option
@click.pass_obj
def compare(
    terminal: Terminal, file: str | None, ids: tuple[int, ...] | None, **options: Any
) -> None:
    """Let two models read the text in FILE (- is standard input), or token --ids.

    Where they share a vocabulary, the divergence of whole distributions is exact; else the text is
    aligned by its bytes. What is not said of the second model is as for the first.
    """
    first = load_command(options)
    asked = Compare(first, _second(first, options), _prompt(file, ids))
    pieces: list[Piece] = []
    ends: list[Compared] = []

    def take(event: Event) -> None:
        if isinstance(event, ComparedPart):
            pieces.extend(event.pieces)
        elif isinstance(event, Compared):
            ends.append(event)

    with terminal.session() as session:
        session.compare(asked, take)
    if not ends:
        raise Bug("A comparison ended without a result.")
    if options["as_json"]:
        output.write(_object(ends[0], pieces))
    else:
        terminal.lines(_lines(ends[0], pieces))


def _second(first: Load, options: dict[str, Any]) -> Load:
    """The first model with what is said of the second."""
    if options["other"] is None:
        same = {"model": first.path, "variant": options["with_variant"] or first.variant}
    else:
        same = {"model": options["other"], "variant": options["with_variant"]}
    return load_command(
        {
            **options,
            **same,
            "device": options["with_device"] or options["device"],
            "precision": options["with_precision"] or options["precision"],
        }
    )


def _prompt(file: str | None, ids: tuple[int, ...] | None) -> TextPrompt | IdsPrompt:
    if ids is not None and file is None:
        return IdsPrompt(ids)
    if file is not None and ids is None:
        return TextPrompt(read(file))
    raise click.UsageError("Give either a FILE or --ids.")


def _object(end: Compared, pieces: list[Piece]) -> dict[str, Any]:
    found = end.summary
    exact = found.kl_mean is not None
    return {
        "kl": {"mean": found.kl_mean, "max": found.kl_max} if exact else None,
        "top1": found.agreement,
        "delta_mean": found.delta_mean,
        "count": found.count,
        "aligned_by": found.alignment.value,
        "stride": found.stride,
        "note": found.note,
        "model": {"name": end.first.name, "variant": end.first.variant},
        "with": {"name": end.second.name, "variant": end.second.variant},
        "tokens": [_piece(piece) for piece in pieces],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    values = structs.asdict(piece)
    del values["data"]
    for name in ("logprob", "other"):
        if values[name] is not None:
            values[name] = max(values[name], LEAST_LOGPROB)
    return {"text": piece.text, **values, "delta": piece.delta}


def _lines(end: Compared, pieces: list[Piece]) -> Iterator[str]:
    yield f"{_named(end.first)} and {_named(end.second)}"
    yield from _figures(end.summary)
    yield "furthest apart:"
    for piece in worst(pieces, MOST_SHOWN):
        kl = "" if piece.kl is None else f"  KL {piece.kl:.3g}"
        yield f"  {piece.logprob:9.3f} {piece.other:9.3f}{kl}  {quoted(piece.text)}"


def _figures(found: Summary) -> Iterator[str]:
    if found.note:
        yield found.note
    if found.kl_mean is not None and found.kl_max is not None:
        yield f"KL divergence {found.kl_mean:.3g} nats on average, {found.kl_max:.3g} at worst"
    if found.agreement is not None and found.delta_mean is not None:
        yield (
            f"the same likeliest token at {percent(found.agreement)} of {found.count:,} places;"
            f" logprob {found.delta_mean:+.3g} nats on average"
        )
    if found.stride is not None:
        yield f"read in windows, each {found.stride:,} tokens further on"


def _named(model: ModelInfo) -> str:
    return f"{model.name} ({model.variant})" if model.variant else model.name
