"""Sums over a scored text: every token counts once, in the part that a reader would say."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.passages import (
    RankBands,
    begins_sentence,
    paragraphs,
    passages,
    rank_bands,
    sentences,
)
from tests.ui.records import record

TEXT = 'He paid 3.50 for it. "Really?" she said!\nA heading\n\nThe end… or not'


def cut(text: str, bounds: list[tuple[int, int]]) -> list[str]:
    return [text[start:end].strip() for start, end in bounds]


def test_sentences_end_where_a_reader_says() -> None:
    assert cut(TEXT, sentences(TEXT)) == [
        "He paid 3.50 for it.",
        '"Really?"',
        "she said!",
        "A heading",
        "The end…",
        "or not",
    ]
    assert cut("東京です。次の文。", sentences("東京です。次の文。")) == ["東京です。", "次の文。"]


def test_paragraphs_end_at_an_empty_line() -> None:
    text = "one\ntwo\n \nthree\n\n\n\nfour\n"
    assert cut(text, paragraphs(text)) == ["one\ntwo", "three", "four"]


@given(st.text('ab .!\n？…"', max_size=60))
def test_the_parts_cover_the_text_once(text: str) -> None:
    for bounds in (sentences(text), paragraphs(text)):
        if not text.strip():
            assert bounds == []
            continue
        assert bounds[0][0] == 0
        assert bounds[-1][1] == len(text)
        assert all(one[1] == other[0] for one, other in pairwise(bounds))


@given(st.text('ab .!\n。"', max_size=14))
def test_signs_begin_the_sentences_that_the_text_is_cut_into(text: str) -> None:
    begun = [at for at, sign in enumerate(text) if begins_sentence(text[:at], sign)]
    cuts = [start for start, _ in sentences(text)[1:]]
    assert begun == [next(at for at in range(cut, len(text)) if text[at].strip()) for cut in cuts]


def test_a_token_counts_where_its_first_sign_is() -> None:
    text = "Yes. No way."
    tokens = [
        record("Yes", start=0, probability=0.5),
        record(".", start=3, probability=0.25),
        record(" No", start=4, probability=0.125),
        record(" way.", start=7, probability=0.125),
    ]
    first, second = passages(text, tokens, sentences(text))
    assert (first.count, second.count) == (2, 2)
    assert first.perplexity is not None
    assert math.isclose(first.perplexity, 8**0.5)
    assert second.perplexity is not None
    assert math.isclose(second.perplexity, 8.0)


def test_ranks_fall_into_bands() -> None:
    ranks = (1, 10, 11, 100, 101, 1000, 1001, None)
    tokens = [replace(record("a"), rank=rank) for rank in ranks]
    assert rank_bands(tokens) == RankBands(2, 2, 2, 1)
