"""`candor chat`: one question and its answer, or a dialogue with a person at the terminal."""

from typing import Any

import click

from app.cli import best_of, generation
from app.cli.dialogue import Dialogue
from app.cli.grammars import grammar_options
from app.cli.options import (
    answer_options,
    best_of_option,
    draft_options,
    load_command,
    model_options,
    output_options,
    reasoning_options,
    sampling_options,
)
from app.cli.prompts import chat_prompt
from app.cli.terminal import Terminal
from app.cli.texts import argument_or_stdin
from app.cli.transcript import Transcript
from app.domain.messages import Message, Role
from app.errors import InvalidRequest


@click.command()
@click.argument("prompt", required=False)
@click.option("--system", metavar="S", help="How the model shall behave.")
@reasoning_options
@best_of_option
@answer_options
@grammar_options
@sampling_options
@draft_options
@model_options
@output_options
@click.pass_obj
def chat(terminal: Terminal, prompt: str | None, **options: Any) -> None:
    """Ask PROMPT and show the answer.

    Without PROMPT it is read from standard input; on a terminal, chat line by line.
    """
    text = argument_or_stdin(prompt)
    if text is None and (options["as_json"] or not terminal.out.is_terminal):
        raise click.UsageError("A PROMPT is needed, unless both ends are a terminal.")
    if text is not None and not text.strip():
        raise InvalidRequest("The prompt is empty.", "Ask something.")
    with terminal.session() as session:
        info = session.load(load_command(options))
        if text is None and options["best_of"] > 1:
            raise click.UsageError("--best-of needs a PROMPT.")
        if text is None:
            Dialogue(terminal, session, info, options).hold()
            return
        question = Message(role=Role.USER, content=text if prompt else text.rstrip("\r\n"))
        asked = generation.request(info, chat_prompt(info, [question], options), options)
        if options["best_of"] > 1:
            best_of.run(
                terminal, session, info, asked, options["best_of"], as_json=options["as_json"]
            )
        elif options["as_json"]:
            generation.print_json(session, info, asked)
        else:
            generation.stream(terminal, session, info, asked, Transcript())
