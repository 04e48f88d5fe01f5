"""`candor models prepared`: the copies that `prepare` made, what they take, and away with them."""

from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import to_builtins

from app.cli import output
from app.cli.figures import divergence, megabytes
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.domain.preparation import KvCache, PreparedCopy
from app.domain.requests import ListCopies, RemoveCopies


@click.command()
@click.argument("folder", metavar="[DIR|FILE.onnx]", required=False)
@click.option("--remove", is_flag=True, help="Delete the copies listed; models stay as they are.")
@json_option
@click.pass_obj
def prepared(terminal: Terminal, folder: str | None, remove: bool, as_json: bool) -> None:
    """List the prepared copies of the model in DIR, or of all models."""
    path = str(Path(folder).absolute()) if folder else ""
    with terminal.session() as session:
        copies = session.query(RemoveCopies(path) if remove else ListCopies(path)).copies
    if as_json:
        output.write({"removed": remove, "copies": to_builtins(copies)})
    else:
        terminal.lines(_lines(copies, remove))


def _lines(copies: tuple[PreparedCopy, ...], removed: bool) -> Iterator[str]:
    for copy in copies:
        yield f"{megabytes(copy.bytes):>12}  {copy.path or copy.folder}"
        yield f"{'':14}{_kind(copy)}"
    if not copies:
        yield "There is no prepared copy."
    else:
        total = megabytes(sum(each.bytes for each in copies))
        count = "1 copy" if len(copies) == 1 else f"{len(copies)} copies"
        yield f"{count}, {total}{' removed' if removed else ' on the disk'}."


def _kind(copy: PreparedCopy) -> str:
    if copy.problem:
        return f"not used: {copy.problem}"
    assert copy.preparation is not None
    cache = ", 8-bit cache" if copy.preparation.kv is KvCache.INT8 else ""
    cost = copy.preparation.divergence
    measured = f"; {divergence(cost)}" if cost else ""
    return f"the {copy.preparation.precision.value} graph{cache}{measured}"
