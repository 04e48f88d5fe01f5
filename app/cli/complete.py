"""`candor complete`: continue a text or token ids as they are, without a chat template."""

from typing import Any

import click

from app.cli import generation
from app.cli.grammars import grammar_options
from app.cli.options import (
    answer_options,
    draft_options,
    ids_option,
    load_command,
    model_options,
    output_options,
    sampling_options,
)
from app.cli.terminal import Terminal
from app.cli.texts import argument_or_stdin
from app.cli.transcript import Transcript
from app.domain.requests import IdsPrompt, TextPrompt


@click.command()
@click.argument("prompt", required=False)
@ids_option
@answer_options
@grammar_options
@sampling_options
@draft_options
@model_options
@output_options
@click.pass_obj
def complete(
    terminal: Terminal, prompt: str | None, ids: tuple[int, ...] | None, **options: Any
) -> None:
    """Continue PROMPT, or token --ids, without a chat template.

    Without either the prompt is read from standard input, to its last newline.
    """
    continued = _prompt(prompt, ids)
    with terminal.session() as session:
        info = session.load(load_command(options))
        asked = generation.request(info, continued, options)
        if options["as_json"]:
            generation.print_json(session, info, asked)
        else:
            generation.stream(terminal, session, info, asked, Transcript())


def _prompt(prompt: str | None, ids: tuple[int, ...] | None) -> TextPrompt | IdsPrompt:
    if ids is not None:
        if prompt is not None:
            raise click.UsageError("Give a PROMPT or --ids, not both.")
        return IdsPrompt(ids)
    text = argument_or_stdin(prompt)
    if text is None:
        raise click.UsageError("A PROMPT or --ids is needed.")
    return TextPrompt(text)
