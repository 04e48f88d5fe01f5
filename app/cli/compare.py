"""`candor compare`: how far two models, files, devices or samplings are apart on a text."""

from collections.abc import Iterator
from typing import Any

import click
from msgspec import structs

from app.cli import output
from app.cli.figures import percent, quoted
from app.cli.options import ids_option, json_option, load_command, model_options
from app.cli.terminal import Terminal
from app.cli.texts import read
from app.cli.types import DeviceChoice, Sampling
from app.domain.comparison import Piece, Summary, worst
from app.domain.events import Compared, ComparedPart, Event
from app.domain.models import ModelInfo
from app.domain.preparation import Precision
from app.domain.requests import Compare, IdsPrompt, Load, TextPrompt
from app.domain.sampling import SamplingParams
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
@click.option(
    "--sampling",
    type=Sampling(),
    help="Compare what this sampling leaves of one model's distributions, such as"
    " temperature=0.7,top_k=40; neutral is the model's own.",
)
@click.option(
    "--with-sampling", type=Sampling(), help="With what this one leaves; neutral if not given."
)
@json_option
@click.pass_obj
def compare(
    terminal: Terminal, file: str | None, ids: tuple[int, ...] | None, **options: Any
) -> None:
    """Let two models read the text in FILE (- is standard input), or token --ids.

    Where they share a vocabulary, the divergence of whole distributions is exact; else the text is
    aligned by its bytes. What is not said of the second model is as for the first. With a
    sampling, one model reads the text, and two ways to draw from it are compared.
    """
    first = load_command(options)
    sampling = _sampling(options)
    asked = Compare(first, _second(first, options), _prompt(file, ids), sampling)
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


def _sampling(options: dict[str, Any]) -> tuple[SamplingParams, SamplingParams] | None:
    one, other = options["sampling"], options["with_sampling"]
    if one is None and other is None:
        return None
    return one or SamplingParams(), other or SamplingParams()


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
        "distance": None
        if found.distance_mean is None
        else {"mean": found.distance_mean, "max": found.distance_max},
        "infinite": found.infinite,
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
    values["parted"] = piece.parted and structs.asdict(piece.parted)
    return {"text": piece.text, **values, "delta": piece.delta}


def _lines(end: Compared, pieces: list[Piece]) -> Iterator[str]:
    if end.summary.distance_mean is None:
        yield f"{_named(end.first)} and {_named(end.second)}"
    else:
        yield f"two samplings of {_named(end.first)}"
    yield from _figures(end.summary)
    yield "furthest apart:"
    for piece in worst(pieces, MOST_SHOWN):
        kl = "" if piece.kl is None else f"  KL {piece.kl:.3g}"
        numbers = f"{_number(piece.logprob)} {_number(piece.other)}{kl}"
        yield f"  {numbers}  {quoted(piece.text)}{_removals(piece)}"


def _number(logprob: float | None) -> str:
    return "        -" if logprob is None else f"{logprob:9.3f}"


def _removals(piece: Piece) -> str:
    """How many draws part, and what removes what the other can say."""
    if piece.parted is None:
        return ""
    found = piece.parted
    said = [f"{percent(found.distance)} of draws differ"]
    for name, share, stage, other in (
        ("first", found.lost, found.lost_by, "second"),
        ("second", found.gained, found.gained_by, "first"),
    ):
        if stage is not None:
            said.append(f"{percent(share)} of the {name} removed by the {other}'s {stage}")
    return f"  ({'; '.join(said)})"


def _figures(found: Summary) -> Iterator[str]:
    if found.note:
        yield found.note
    if found.distance_mean is not None and found.distance_max is not None:
        mean, most = percent(found.distance_mean), percent(found.distance_max)
        yield f"at least {mean} of draws differ on average, {most} at worst"
    if found.infinite:
        yield (
            f"the divergence is infinite at {found.infinite:,} of {found.count:,} places, where the"
            " second removes what the first can say"
        )
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
