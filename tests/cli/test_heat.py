"""The terminal's heatmap as values: pieces cut by spans, surprise, styles."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli import heat
from app.domain.tokens import Channel, Source, TokenRecord


def record(start: int, end: int, probability: float | None = 0.5) -> TokenRecord:
    logprob = None if probability is None else math.log(probability)
    return TokenRecord(
        1, b"x", start, end, logprob, None, 1, 0.0, (), 0.0, Channel.ANSWER, Source.SAMPLED
    )


def test_each_token_is_a_piece_with_its_bits() -> None:
    tokens = [record(10, 12, 0.5), record(12, 13, 0.25), record(13, 13, 0.1)]
    assert list(heat.pieces("abc", 10, tokens)) == [
        ("ab", pytest.approx(1.0)),
        ("c", pytest.approx(2.0)),
    ]


def test_tokens_of_one_character_are_one_piece_of_their_joint_surprise() -> None:
    tokens = [record(0, 1, 0.5), record(0, 1, 0.125), record(1, 2, 1.0)]
    assert list(heat.pieces("東a", 0, tokens)) == [
        ("東", pytest.approx(4.0)),
        ("a", pytest.approx(0.0)),
    ]


def test_a_token_without_a_number_has_no_surprise() -> None:
    assert list(heat.pieces("ab", 0, [record(0, 2, None)])) == [("ab", None)]
    assert heat.style(None) == heat.CALM


@given(
    st.text(max_size=20),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))),
)
def test_the_pieces_joined_are_the_text_whatever_the_spans(
    text: str, offset: int, spans: list[tuple[int, int]]
) -> None:
    tokens = [record(*span) for span in spans]
    assert "".join(piece for piece, _ in heat.pieces(text, offset, tokens)) == text


def test_more_surprise_is_a_hotter_style() -> None:
    styles = [heat.style(bits) for bits in (0.0, 1.0, 2.0, 4.0, 6.0, 60.0)]
    assert styles[0] == heat.CALM
    assert len(set(styles)) == 5
    assert styles[4] == styles[5]
