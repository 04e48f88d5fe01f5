"""`candor chats`: what is kept of chats, out to files and in again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from app import paths
from app.cli import output
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.domain.chats import ChatSummary, renumbered
from app.errors import InvalidRequest
from app.services.exports import document, files
from app.services.exports.files import Contents, Format
from app.services.profile_lock import ProfileLock

if TYPE_CHECKING:
    from app.services.store.chat_file import ChatFile

STDOUT = "-"


@click.group()
def chats() -> None:
    """List, export and import the chats that the window keeps; close it first."""


@chats.command("list")
@json_option
@click.pass_obj
def list_chats(terminal: Terminal, as_json: bool) -> None:
    """List every chat with its number, the one written in last first."""
    with _opened() as file:
        found = file.summaries()
    if as_json:
        output.write({"chats": [to_builtins(chat) for chat in found]})
    else:
        terminal.lines(_line(chat) for chat in found)


@chats.command("export")
@click.argument("file")
@click.option("--chat", "numbers", type=int, multiple=True, help="Only this one; repeatable.")
@click.option(
    "--format",
    "chosen",
    type=click.Choice([each.value for each in Format]),
    help="What to write; the end of FILE's name says it if not given.",
)
@click.pass_obj
def export(terminal: Terminal, file: str, numbers: tuple[int, ...], chosen: str | None) -> None:
    """Write chats to FILE (- is standard output).

    JSON holds everything and can be imported again, CSV has a row for each token, and HTML is a
    page that shows one chat, coloured, in any browser.
    """
    if file == STDOUT and chosen is None:
        raise click.UsageError("Say with --format what standard output shall be.")
    path = Path(file)
    format = Format(chosen) if chosen else files.format_of(path)
    with _opened() as store:
        wanted = _wanted(store.summaries(), numbers)
        whole = tuple(store.read_whole(chat.id) for chat in wanted)
    data = files.made(Contents(whole), format)
    if file == STDOUT:
        sys.stdout.buffer.write(data)
    else:
        files.write(path, data)
        terminal.note(f"Wrote {_counted(len(whole))} to {path}.")


@chats.command("import")
@click.argument("file")
@click.pass_obj
def import_chats(terminal: Terminal, file: str) -> None:
    """Add the chats of FILE, which is JSON that Candor exported, to those that are kept."""
    found = document.read(Path(file)).chats
    if not found:
        raise InvalidRequest("There are no chats in this export.")
    with _opened() as store:
        chat, message = store.highest_ids()
        numbers = count(message + 1)
        own = [
            renumbered(each, id, lambda: next(numbers)) for id, each in enumerate(found, chat + 1)
        ]
        store.add(own)
    terminal.note(f"Imported {_counted(len(own))}.")


@contextmanager
def _opened() -> Iterator["ChatFile"]:
    """The chats, while no window works with them."""
    from app.services.store.chat_file import ChatFile

    with ProfileLock(paths.profile()):
        file = ChatFile(paths.chats())
        file.open()
        try:
            yield file
        finally:
            file.close()


def _wanted(found: tuple[ChatSummary, ...], numbers: tuple[int, ...]) -> tuple[ChatSummary, ...]:
    known = {chat.id for chat in found}
    for number in numbers:
        if number not in known:
            raise InvalidRequest(f"There is no chat {number}.", "`candor chats list` shows them.")
    if not found:
        raise InvalidRequest("There are no chats to export.")
    return tuple(chat for chat in found if not numbers or chat.id in numbers)


def _line(chat: ChatSummary) -> str:
    changed = datetime.fromtimestamp(chat.changed_at)
    return f"{chat.id:>5}  {changed:%Y-%m-%d %H:%M}  {chat.title}"


def _counted(number: int) -> str:
    return "1 chat" if number == 1 else f"{number:,} chats"
