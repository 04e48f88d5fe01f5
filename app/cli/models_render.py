"""`candor models render`: what a chat template makes of messages, byte for byte."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from app.cli.terminal import Terminal
from app.cli.texts import read
from app.cli.visible import visible
from app.domain.requests import Render
from app.errors import InvalidRequest


@click.command()
@click.argument("folder", metavar="DIR|FILE.onnx")
@click.argument("messages", metavar="MESSAGES.json")
@click.option("--tools", metavar="FILE", help="A JSON list of the tools the model may call.")
@click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of the template, as JSON or as text; repeatable.",
)
@click.option("--variant", metavar="NAME", help="Which of the model's variants to take.")
@click.pass_obj
def render(
    terminal: Terminal,
    folder: str,
    messages: str,
    tools: str | None,
    variables: tuple[str, ...],
    variant: str | None,
) -> None:
    """Print the prompt that the chat template of DIR makes of a JSON list of messages.

    It ends with the start of the assistant's turn; --var add_generation_prompt=false leaves that
    out. - reads standard input.
    """
    asked = Render(
        path=str(Path(folder).absolute()),
        variant=variant,
        messages=_objects(messages, "messages"),
        tools=None if tools is None else _objects(tools, "tools"),
        variables=dict(map(_variable, variables)),
    )
    with terminal.session() as session:
        text = session.query(asked).text
    if terminal.out.is_terminal:
        text = visible(text)
    sys.stdout.buffer.write(text.encode())


def _objects(file: str, name: str) -> list[dict[str, Any]]:
    """The list of JSON objects in a file."""
    try:
        found = json.loads(read(file))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The {name} in {file} are not JSON: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InvalidRequest(f"The {name} in {file} are not a JSON list of objects.")
    return found


def _variable(given: str) -> tuple[str, Any]:
    name, sign, value = given.partition("=")
    if not sign or not name:
        raise click.UsageError(f"{given!r} is not of the form NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
