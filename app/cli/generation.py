"""One answer from request to output: what `chat` and `complete` have in common."""

from typing import Any

from app.cli import figures, output
from app.cli.grammars import grammar
from app.cli.options import DEFAULT_TOP, drafting, sampling
from app.cli.prompts import thinking
from app.cli.screen import Screen
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.transcript import Transcript
from app.domain.devices import fallback_sentence
from app.domain.events import Delta, Event
from app.domain.models import ModelInfo
from app.domain.requests import Generate, Prompt


def request(info: ModelInfo, prompt: Prompt, options: dict[str, Any]) -> Generate:
    """The request that the options describe, on top of the model's own defaults.

    Raises:
        InvalidRequest: an option's value cannot be used.
        click.UsageError: options contradict each other.
    """
    return Generate(
        prompt=prompt,
        sampling=sampling(info.sampling, options),
        max_tokens=options["max_tokens"],
        stop=options["stop"],
        top_logprobs=top_logprobs(options),
        thought=thinking(info, options).limit,
        drafting=drafting(options),
        grammar=grammar(options),
    )


def top_logprobs(options: dict[str, Any]) -> int:
    """How many candidates to ask for: none where nothing would show them."""
    if options["top_logprobs"] is not None:
        return options["top_logprobs"]
    return DEFAULT_TOP if options["as_json"] else 0


def print_json(session: Session, info: ModelInfo, asked: Generate) -> None:
    """Run the request and print its one object."""
    transcript = Transcript()

    def take(event: Event) -> None:
        transcript.add(event)
        session.bar.update("Generating", len(transcript.tokens), asked.max_tokens)

    session.ask(asked, take)
    output.write(output.generation(info, transcript))


def stream(
    terminal: Terminal,
    session: Session,
    info: ModelInfo,
    asked: Generate,
    transcript: Transcript,
    *,
    stoppable: bool = False,
) -> None:
    """Run the request, show the answer as it grows, then its figures; list tokens if asked to.

    What came stays in `transcript` even where the request fails.
    """
    screen = Screen(terminal.out, terminal.err, ids=not info.has_tokenizer)

    def take(event: Event) -> None:
        transcript.add(event)
        session.bar.clear()
        if isinstance(event, Delta):
            screen.show(event)

    try:
        session.ask(asked, take, stoppable=stoppable)
    finally:
        screen.end()
    if asked.top_logprobs:
        terminal.lines(figures.listing(transcript.tokens))
    terminal.note(figures.generation(transcript))
    if report := transcript.finished.drafting:
        terminal.note(figures.drafting(report))
    if sentence := fallback_sentence(info.device.provider, info.placements):
        terminal.note(sentence)
