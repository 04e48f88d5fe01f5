"""What is said of a scored text; pure functions of records and passages."""

import math
from collections.abc import Iterable, Sequence

from app.domain.passages import RANK_BANDS, Passage
from app.domain.tokens import TokenRecord
from app.ui.viewmodels import wording

LEAST_TOKENS = 3
LONGEST = 60
MEANINGS = {
    "Tokens": "Those of the text; the first one has no probability, since nothing precedes it.",
    "Perplexity": "As unsure as a choice among so many equally likely tokens. Lower is more"
    " expected. It compares texts under one model, not models with different vocabularies.",
    "Surprise": "Bits per token, −log₂ of its probability, on average.",
    "Bits per character": "The surprise of the whole text by its characters, which also compares"
    " models with different vocabularies.",
}

Named = list[tuple[str, str]]


def overview(
    tokens: Sequence[TokenRecord], perplexity: float | None
) -> tuple[Named, dict[str, str]]:
    """The numbers of the whole text by their names, and what they mean."""
    surprise = math.log2(perplexity) if perplexity else None
    known = sum(token.logprob is not None for token in tokens)
    characters = max((token.end for token in tokens), default=0)
    per_character = surprise * known / characters if surprise is not None and characters else None
    found = [
        ("Tokens", f"{len(tokens):,}"),
        ("Perplexity", wording.NOTHING if perplexity is None else f"{perplexity:,.2f}"),
        ("Surprise", wording.bits(surprise)),
        ("Bits per character", wording.bits(per_character)),
    ]
    return found, MEANINGS


def band_names() -> list[str]:
    """The bands of ranks in words."""
    upto = [f"up to {bound:,}" for bound in RANK_BANDS]
    return [*upto, f"beyond {RANK_BANDS[-1]:,}"]


def ranked(found: Iterable[Passage]) -> list[Passage]:
    """Passages with enough tokens to speak of, the least expected first."""
    long = [passage for passage in found if passage.count >= LEAST_TOKENS]
    return sorted(long, key=lambda passage: -passage.perplexity)


def passage_words(text: str, passage: Passage) -> str:
    """A passage in one line."""
    said = " ".join(text[passage.start : passage.end].split())
    short = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    return f"{passage.perplexity:,.1f}   {short}"
