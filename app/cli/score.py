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
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.passages import paragraphs, sentences
from app.domain.requests import ChatPrompt, IdsPrompt, Prompt, Score, TextPrompt
from app.errors import InvalidRequest


@click.command()
@click.argument("file", required=False)
@ids_option
@click.option("--template", is_flag=True, help="Score it as a question in the chat template.")
@click.option(
    "--stride",
    type=click.IntRange(1, 10**6),
    metavar="N",
    help="Read a text that is longer than the context in windows, each N tokens further on.",
)
@click.option(
    "--by", type=click.Choice(["sentence", "paragraph"]), help="List the perplexity of each."
)
@model_options
@output_options
@click.pass_obj
def score(
    terminal: Terminal, file: str | None, ids: tuple[int, ...] | None, **options: Any
) -> None:
    """Score the text in FILE (- is standard input), or token --ids."""
    asked = Score(
        prompt=_prompt(file, ids, options["template"]),
        top_logprobs=top_logprobs(options),
        stride=options["stride"],
    )
    with terminal.session() as session:
        info = session.load(load_command(options))
        if options["as_json"]:
            transcript = Transcript()
            session.ask(asked, transcript.add)
            output.write(output.score(info, transcript))
        else:
            _show(terminal, session, info, asked, options["by"])


def _prompt(file: str | None, ids: tuple[int, ...] | None, template: bool) -> Prompt:
    if ids is not None and file is None and not template:
        return IdsPrompt(ids)
    if file is None or ids is not None:
        raise click.UsageError("Give either a FILE or --ids.")
    text = read(file)
    if not text:
        raise InvalidRequest("There is no text to score.", "Give a file that holds some.")
    return ChatPrompt((Message(Role.USER, text),)) if template else TextPrompt(text)


def _show(
    terminal: Terminal, session: Session, info: ModelInfo, asked: Score, by: str | None
) -> None:
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
    if by is not None:
        cut = sentences if by == "sentence" else paragraphs
        terminal.lines(figures.passages(transcript, cut))
    terminal.lines([figures.score(transcript), figures.ranks(transcript)])
