"""What is said of a scored text; pure functions of records and passages."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from app.domain.passages import (
    BANDS,
    Passage,
    RankBands,
    paragraphs,
    passages,
    rank_bands,
    sentences,
)
from app.domain.texts import ScoredText
from app.domain.tokens import TokenRecord
from app.ui.viewmodels import wording

LEAST_TOKENS = 3
LONGEST = 60
MOST_LISTED = 200
MEANINGS = {
    "Tokens": "Those of the text; the first one has no probability, since nothing precedes it.",
    "Perplexity": "As unsure as a choice among so many equally likely tokens. Lower is more"
    " expected. It compares texts under one model, not models with different vocabularies.",
    "Surprise": "Bits per token, −log₂ of its probability, on average.",
    "Bits per character": "The surprise of the whole text by its characters, which also compares"
    " models with different vocabularies.",
}

Named = list[tuple[str, str]]


class Unit(StrEnum):
    """What a text is cut into."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


class TextSummary(Struct, frozen=True):
    """A scored text at a glance: numbers by their names, ranks, and passages by unit, the least
    expected first."""

    facts: Named
    bands: RankBands
    passages: dict[Unit, list[Passage]]


def summarise(scored: ScoredText) -> TextSummary:
    """The summary of a text; takes seconds where that is long."""
    return TextSummary(
        overview(scored),
        rank_bands(scored.tokens),
        {unit: ranked(scored, unit)[:MOST_LISTED] for unit in Unit},
    )


def overview(scored: ScoredText) -> Named:
    """The numbers of the whole text by their names."""
    known = [token.logprob for token in scored.tokens if token.logprob is not None]
    nats = -math.fsum(known)
    mean = nats / len(known) if known else None
    per_character = nats / math.log(2) / len(scored.text) if known else None
    return [
        ("Tokens", f"{len(scored.tokens):,}"),
        ("Perplexity", wording.NOTHING if mean is None else f"{math.exp(min(mean, 700)):,.2f}"),
        ("Surprise", wording.bits(None if mean is None else mean / math.log(2))),
        ("Bits per character", wording.bits(per_character)),
    ]


def bands(found: RankBands) -> list[tuple[str, int]]:
    """The bands of ranks with the number of tokens in each."""
    names = [*(f"up to {bound:,}" for bound in BANDS), f"beyond {BANDS[-1]:,}"]
    counts = (found.first, found.second, found.third, found.beyond)
    return list(zip(names, counts, strict=True))


def band_words(found: RankBands) -> str:
    """The outer bands in a sentence."""
    total = max(found.first + found.second + found.third + found.beyond, 1)
    first = f"{found.first / total:.0%} of the tokens were among the {BANDS[0]} likeliest"
    return f"{first}, {found.beyond / total:.0%} beyond the first {BANDS[-1]:,}."


def ranked(scored: ScoredText, unit: Unit) -> list[Passage]:
    """Sentences or paragraphs with enough tokens to speak of, the least expected first."""
    cut = sentences if unit is Unit.SENTENCE else paragraphs
    found = passages(scored.text, scored.tokens, cut(scored.text))
    long = [passage for passage in found if passage.count >= LEAST_TOKENS]
    return sorted(long, key=lambda passage: -(passage.perplexity or 0.0))


def passage_words(text: str, passage: Passage) -> str:
    """A passage in one line."""
    said = " ".join(text[passage.start : passage.end].split())
    short = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    return f"{passage.perplexity or 0.0:,.1f}   {short}"


def first_token(tokens: Sequence[TokenRecord], passage: Passage) -> int:
    """The number of the token that a passage begins with."""
    return bisect_right(tokens, passage.start, key=lambda token: token.end)
