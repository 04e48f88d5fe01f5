"""`candor replay`: have exported answers made again, and see whether they come out the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from app.cli import output
from app.cli.figures import counted, quoted
from app.cli.options import json_option, load_command, model_options
from app.cli.terminal import Terminal
from app.domain.chats import MessageTree, WholeChat
from app.domain.conversation import Turn
from app.domain.requests import Load
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost
from app.services.exports import document
from app.services.repeat import Repeated, repeat

Answer = tuple[tuple[Turn, ...], Turn]
"""The turns before an answer, and the answer."""


@click.command()
@click.argument("file")
@model_options
@json_option
@click.pass_obj
def replay(terminal: Terminal, file: str, **options: Any) -> None:
    """Make every answer in FILE again, a JSON export of chats.

    Each is asked for as its record says, on the model that made it or on the one that is named. In
    32-bit floats on the same computer it comes out the same; else the first token that parts is
    shown.
    """
    answers = [each for chat in document.read(Path(file)).chats for each in _answers(chat)]
    if not answers:
        raise InvalidRequest("This export has no answer with a record of what made it.")
    found = asyncio.run(_repeat(terminal.engine(), answers, options))
    if options["as_json"]:
        output.write({"answers": [_object(each) for each in found]})
    else:
        for (_, answer), each in zip(answers, found, strict=True):
            terminal.lines(_lines(answer, each))


async def _repeat(
    host: EngineHost, answers: list[Answer], options: dict[str, Any]
) -> list[Repeated]:
    loaded: Load | None = None
    found: list[Repeated] = []
    try:
        for before, answer in answers:
            wanted = _load(answer, options)
            if wanted != loaded:
                await host.load(
                    wanted.path,
                    wanted.variant,
                    wanted.provider,
                    wanted.device,
                    precision=wanted.precision,
                    kv=wanted.kv,
                )
                loaded = wanted
            found.append(await repeat(host, before, answer))
    finally:
        await host.close()
    return found


def _load(answer: Turn, options: dict[str, Any]) -> Load:
    """The model that made the answer, unless another one is named."""
    origin = answer.origin
    if origin is None or options["model"] is not None:
        return load_command(options)
    variant = options["variant"] or origin.variant or None
    return load_command({**options, "model": origin.path, "variant": variant})


def _answers(chat: WholeChat) -> Iterator[Answer]:
    turns = {node.turn.id: node.turn for node in chat.nodes}
    tree = MessageTree((node.turn.id, node.parent) for node in chat.nodes)
    for id, turn in turns.items():
        if turn.origin is not None and turn.tokens:
            path = tree.path(id)
            yield tuple(turns[each] for each in path[:-1]), turn


def _object(found: Repeated) -> dict[str, Any]:
    return {**to_builtins(found), "equal": found.is_equal}


def _lines(answer: Turn, found: Repeated) -> Iterator[str]:
    yield f"{quoted(answer.text[:60])}:"
    if found.is_equal:
        yield f"  the same, all {counted(found.total)}"
    else:
        yield f"  parts at token {found.same + 1} of {found.total}: {_token(found)}"
    for sentence in found.differences:
        yield f"  {sentence}"


def _token(found: Repeated) -> str:
    was = quoted(found.expected.text) if found.expected else "the end"
    now = quoted(found.got.text) if found.got else "the end"
    return f"{was} was said, {now} comes now"
