"""The token record: a choice of the engine with its numbers, bytes and place in the text."""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.tokens import Candidate, Channel, Source, TokenRecord
from app.engine.sampling.statistics import Distribution, tail
from app.engine.text.textstream import Span

TokenBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the full distribution says of a token: see `TokenRecord` for meanings and units."""

    logprob: float
    rank: int
    entropy: float
    top: tuple[tuple[int, float], ...]
    tail: float

    @staticmethod
    def of(distribution: Distribution, token: int, count: int) -> "Numbers":
        """Measure `token`, with the `count` likeliest tokens beside it."""
        top = distribution.top(count)
        logprob = distribution.logprob(token)
        # What is likelier than one of the likeliest is among them too.
        among = bool(top) and logprob >= top[-1][1]
        likelier = sum(other > logprob for _, other in top)
        rank = 1 + likelier if among else distribution.rank(token)
        return Numbers(logprob, rank, distribution.entropy, top, tail(top))


@dataclass(frozen=True, slots=True)
class Choice:
    """The next token of a sequence and how it came to be.

    `numbers` is None where no distribution precedes the token; `sampled_logprob` is None where
    nothing was sampled. Where a draft proposed a token, `draft` has its fate.
    """

    token: int
    source: Source
    numbers: Numbers | None
    sampled_logprob: float | None = None
    draft: "Drafted | None" = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """What `TokenRecord` says of a proposal; `refused` is an id and its raw logprob."""

    q: float | None
    accept: float
    refused: tuple[int, float] | None


def record(choice: Choice, span: Span, channel: Channel, token_bytes: TokenBytes) -> TokenRecord:
    """The record of `choice`, whose text is `span` of `channel`."""
    numbers = choice.numbers
    top = numbers.top if numbers else ()
    draft = choice.draft
    refused = draft.refused if draft else None
    return TokenRecord(
        id=choice.token,
        data=token_bytes(choice.token),
        start=span.start,
        end=span.end,
        logprob=numbers.logprob if numbers else None,
        sampled_logprob=choice.sampled_logprob,
        rank=numbers.rank if numbers else None,
        entropy=numbers.entropy if numbers else None,
        top=tuple(Candidate(token, token_bytes(token), logprob) for token, logprob in top),
        tail=numbers.tail if numbers else None,
        channel=channel,
        source=choice.source,
        draft_q=draft.q if draft else None,
        accept=draft.accept if draft else None,
        refused=Candidate(refused[0], token_bytes(refused[0]), refused[1]) if refused else None,
    )
