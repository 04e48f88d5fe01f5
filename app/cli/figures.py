"""The line of figures after an answer, and the list of tokens with their candidates."""

import math
from collections.abc import Callable, Iterable, Iterator

from msgspec import structs

from app.cli.transcript import Transcript
from app.cli.visible import visible_line
from app.domain.draft_text import acceptance, summary
from app.domain.drafting import DraftReport
from app.domain.events import FinishReason
from app.domain.passages import passages as summed
from app.domain.passages import rank_bands
from app.domain.preparation import Divergence
from app.domain.tokens import Candidate, Channel, TokenRecord

_SHOWN = 60
_ENDINGS = {
    FinishReason.LENGTH: "stopped at --max-tokens",
    FinishReason.CONTEXT: "stopped because the context is full",
    FinishReason.CANCELLED: "stopped",
}


def generation(transcript: Transcript) -> str:
    """Tokens, tokens/s, time to the first token, confidence and, if it was cut, why."""
    finished = transcript.finished
    usage, timings = finished.usage, finished.timings
    parts = [
        counted(usage.completion_tokens)
        + (f" ({usage.reasoning_tokens} reasoning)" if usage.reasoning_tokens else ""),
        f"{timings.decode_tokens_per_s:.1f} tokens/s",
        f"first token {timings.first_token_s:.2f} s",
    ]
    if (mean := transcript.mean_logprob()) is not None:
        parts.append(f"confidence {percent(math.exp(mean))}")
    if finished.seed is not None:
        parts.append(f"seed {finished.seed}")
    if finished.reason in _ENDINGS:
        parts.append(_ENDINGS[finished.reason])
    return " · ".join(parts)


def drafting(report: DraftReport) -> str:
    """What drafts did, the share kept at each place in a draft, and what did not go as asked."""
    said = f"Drafts: {summary(report)}."
    if report.positions:
        said += f" Kept by place: {acceptance(report)}."
    return " ".join([said, *report.notes])


def score(transcript: Transcript) -> str:
    """Tokens, perplexity, mean surprise, confidence and speed of a scored text."""
    parts = [counted(len(transcript.tokens))]
    if (mean := transcript.mean_logprob(Channel.PROMPT)) is not None:
        parts += [
            f"perplexity {math.exp(-mean):.2f}",
            f"{-mean / math.log(2):.2f} bits a token",
            f"confidence {percent(math.exp(mean))}",
        ]
    parts.append(f"{transcript.finished.timings.prefill_tokens_per_s:.1f} tokens/s")
    return " · ".join(parts)


def ranks(transcript: Transcript) -> str:
    """How many tokens were among the likeliest 10, 100 and 1,000."""
    bands = structs.astuple(rank_bands(transcript.tokens))
    total = sum(bands) or 1
    names = ("1 to 10", "to 100", "to 1,000", "beyond")
    return "rank " + " · ".join(
        f"{name} {percent(count / total)}" for name, count in zip(names, bands, strict=True)
    )


def passages(transcript: Transcript, cut: Callable[[str], list[tuple[int, int]]]) -> Iterator[str]:
    """A line for each part of a scored text: its perplexity, its tokens, how it begins."""
    text = transcript.text(Channel.PROMPT)
    for part in summed(text, transcript.tokens, cut(text)):
        known = "-" if part.perplexity is None else f"{part.perplexity:.2f}"
        begin = visible_line(" ".join(text[part.start : part.end].split())[:_SHOWN])
        yield f"{known:>10}  {part.count:>6}  {begin}"


def listing(tokens: Iterable[TokenRecord]) -> Iterator[str]:
    """A line for every token: its probability, rank and text, then its likeliest candidates."""
    for token in tokens:
        candidates = "  ".join(
            f"{_name(candidate)} {percent(math.exp(candidate.logprob))}" for candidate in token.top
        )
        yield f"{_probability(token):>8}  {token.rank or '-':>5}  {_name(token):<16}  {candidates}"


def counted(tokens: int) -> str:
    """A number of tokens in words."""
    return "1 token" if tokens == 1 else f"{tokens:,} tokens"


def percent(probability: float) -> str:
    """A probability as a percentage that never rounds a small one to nothing."""
    return "< 0.1 %" if 0 < probability < 0.0005 else f"{probability:.1%}".replace("%", " %")


def quoted(text: str) -> str:
    """A token's text on one line, its spaces in plain sight."""
    return f'"{visible_line(text)}"'


def _probability(token: TokenRecord) -> str:
    return "-" if token.logprob is None else percent(math.exp(token.logprob))


def _name(token: TokenRecord | Candidate) -> str:
    return quoted(token.text) if token.data else f"#{token.id}"


def divergence(found: Divergence) -> str:
    """How far the graph that runs is from the original."""
    return (
        f"KL divergence {found.mean:.2g} nats on average, {found.worst:.2g} at worst, over"
        f" {found.positions:,} positions; the same likeliest token at {found.agreeing:,} of"
        f" {found.sure:,} sure ones"
    )


def megabytes(count: int) -> str:
    """A size on the disk."""
    return f"{count / 1e6:,.1f} MB"
