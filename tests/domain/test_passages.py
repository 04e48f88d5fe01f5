"""Perplexity by sentence and paragraph: parts that cover the text and add up to the whole."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from app.domain.passages import RANK_BANDS, Unit, passages, perplexity, rank_bands
from app.domain.tokens import TokenRecord
from tests.ui.records import record

TEXT = "It cost 3.50 once. “Really?” he said.\nNew line here! 東京。 Ends"


def tokens_of(text: str, probabilities: list[float]) -> list[TokenRecord]:
    """Tokens of one to three characters."""
    found: list[TokenRecord] = []
    place = 0
    while place < len(text):
        piece = text[place : place + 1 + len(found) % 3]
        share = probabilities[len(found) % len(probabilities)]
        found.append(record(piece, start=place, probability=share))
        place += len(piece)
    return found


def test_sentences_end_where_a_reader_would_say() -> None:
    found = passages(TEXT, tokens_of(TEXT, [0.5]), Unit.SENTENCE)
    assert [TEXT[each.start : each.end] for each in found] == [
        "It cost 3.50 once. ",
        "“Really?” ",
        "he said.\n",
        "New line here! ",
        "東京。 ",
        "Ends",
    ]


def test_paragraphs_end_with_lines() -> None:
    found = passages(TEXT, tokens_of(TEXT, [0.5]), Unit.PARAGRAPH)
    assert [each.end for each in found] == [TEXT.index("New"), len(TEXT)]


@given(
    text=st.text(alphabet="ab .!?\n。", max_size=60),
    probabilities=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5),
    unit=st.sampled_from(Unit),
)
def test_the_parts_cover_text_and_tokens_and_add_up(
    text: str, probabilities: list[float], unit: Unit
) -> None:
    tokens = tokens_of(text, probabilities)
    found = passages(text, tokens, unit)
    assert "".join(text[each.start : each.end] for each in found) == text
    covered = [index for each in found for index in range(each.first, each.stop)]
    assert covered == list(range(len(tokens)))
    total = math.fsum(each.logprob for each in found)
    assert total == pytest.approx(math.fsum(token.logprob or 0.0 for token in tokens))
    for each in found:
        for token in tokens[each.first : each.stop]:
            assert each.start <= max(token.end - 1, token.start) < each.end


def test_perplexity_is_that_of_an_even_choice() -> None:
    tokens = [record(probability=0.25)] * 7
    assert perplexity(tokens) == pytest.approx(4.0)
    assert perplexity([structs.replace(tokens[0], logprob=None)]) is None
    (only,) = passages("x" * 4, [record("xxxx", probability=0.25)], Unit.SENTENCE)
    assert only.perplexity == pytest.approx(4.0)


def test_ranks_fall_into_bands() -> None:
    ranks = [1, *(bound + step for bound in RANK_BANDS for step in (0, 1)), 10**6, None]
    tokens = [structs.replace(record(), rank=rank) for rank in ranks]
    assert rank_bands(tokens) == (2, 2, 2, 2)
