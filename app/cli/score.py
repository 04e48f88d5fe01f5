"""`candor score`: how likely a model finds every token of a text."""

from typing import Any

import click

from app.cli import figures, output
from app.cli.generation import top_logprobs
from app.cli.options import ids_option, load_command, model_options, output_options
from app.cli.screen import Screen
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.texts import read
from app.cli.transcript import Transcript
from app.domain.events import Delta, Event
from app.domain.models import ModelInfo
from app.domain.requests import IdsPrompt, Score, TextPrompt


@click.command()
@click.argument("file", required=False)
@ids_option
@model_options
@output_options
@click.pass_obj
def score(
    terminal: Terminal, file: str | None, ids: tuple[int, ...] | None, **options: Any
) -> None:
    """Score the text in FILE (- is standard input), or token --ids."""
    asked = Score(prompt=_prompt(file, ids), top_logprobs=top_logprobs(options))
    with terminal.session() as session:
        info = session.load(load_command(options))
        if options["as_json"]:
            transcript = Transcript()
            session.ask(asked, transcript.add)
            output.write(output.score(info, transcript))
        else:
            _show(terminal, session, info, asked)


def _prompt(file: str | None, ids: tuple[int, ...] | None) -> TextPrompt | IdsPrompt:
    if ids is not None and file is None:
        return IdsPrompt(ids)
    if file is not None and ids is None:
        return TextPrompt(read(file))
    raise click.UsageError("Give either a FILE or --ids.")


def _show(terminal: Terminal, session: Session, info: ModelInfo, asked: Score) -> None:
    screen = Screen(terminal.out, terminal.err, ids=not info.has_tokenizer)
    transcript = Transcript()

    def take(event: Event) -> None:
        transcript.add(event)
        if isinstance(event, Delta) and terminal.out.is_terminal:
            session.bar.clear()
            screen.show(event)

    session.ask(asked, take)
    screen.end()
    if asked.top_logprobs:
        terminal.lines(figures.listing(transcript.tokens))
    terminal.lines([figures.score(transcript)])
