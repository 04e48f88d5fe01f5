"""`candor chat --best-of N`: N answers at once, and how many of them agree."""

from collections.abc import Iterator

from msgspec import to_builtins

from app.cli import figures, output
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.transcript import Transcript
from app.cli.visible import visible_line
from app.domain import best_of
from app.domain.best_of import Poll, Sample
from app.domain.events import Event
from app.domain.models import ModelInfo
from app.domain.requests import Generate

WEAK = "The majority is weak: the answers do not agree enough to say much."


def run(
    terminal: Terminal,
    session: Session,
    info: ModelInfo,
    asked: Generate,
    count: int,
    *,
    as_json: bool,
) -> None:
    """Have `count` answers written, print the one that most come to, and how the votes fell.

    Raises:
        CandorError: one of them failed, or nothing is drawn.
    """
    requests = best_of.requests(asked, count)
    transcripts = [Transcript() for _ in requests]

    def take(place: int, event: Event) -> None:
        transcripts[place].add(event)
        session.bar.update("Generating", sum(len(each.tokens) for each in transcripts), None)

    session.ask_all(requests, take)
    session.bar.clear()
    found = best_of.poll([_sample(each) for each in transcripts])
    winner = transcripts[found.winner]
    if as_json:
        output.write({**output.generation(info, winner), "best_of": _as_json(found)})
        return
    terminal.lines([visible_line(line) for line in winner.text().splitlines()])
    if asked.top_logprobs:
        terminal.lines(figures.listing(winner.tokens))
    for line in table(found):
        terminal.note(line)


def table(found: Poll) -> Iterator[str]:
    """The votes, the likeliest answer, the cost, and a warning where they say little."""
    total = len(found.samples)
    for each in found.clusters:
        sure = found.samples[each.members[0]].mean_logprob
        told = "" if sure is None else f"  mean logprob {sure:.3f}"
        yield f"{each.votes:>3} of {total}  {visible_line(each.final[:60])}{told}"
    likeliest = found.samples[found.likeliest].final
    yield f"Likeliest by mean logprob: {visible_line(likeliest[:60])}"
    yield f"Margin {found.margin} · {figures.counted(found.tokens)} in all"
    if found.is_weak:
        yield WEAK


def _sample(transcript: Transcript) -> Sample:
    return best_of.sample(transcript.text(), transcript.tokens, transcript.finished)


def _as_json(found: Poll) -> dict[str, object]:
    return {
        "votes": [to_builtins(each) | {"votes": each.votes} for each in found.clusters],
        "answers": [
            {
                "text": each.text,
                "final": each.final,
                "mean_logprob": each.mean_logprob,
                "seed": each.seed,
                "tokens": each.usage.completion_tokens,
            }
            for each in found.samples
        ],
        "winner": found.winner,
        "likeliest": found.likeliest,
        "share": found.share,
        "margin": found.margin,
        "weak": found.is_weak,
        "tokens": found.tokens,
    }
