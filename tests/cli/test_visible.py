"""No text can steer the terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.cli.visible import visible, visible_line

TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_an_escape_sequence_is_shown() -> None:
    assert visible("a\x1b[2Jb\r\x07\x7f\x9b31m") == "a␛[2Jb␍␇␡<U+009B>31m"


def test_newlines_and_tabs_stay_or_are_shown_on_one_line() -> None:
    assert visible("a\n\tb") == "a\n\tb"
    assert visible_line("a\n\tb") == "a␊␉b"


@given(st.text(st.characters(max_codepoint=0x2100)))
def test_no_control_is_left(text: str) -> None:
    left = {each for each in visible(text) if unicodedata.category(each) == "Cc"}
    assert left <= {"\n", "\t"}
    assert not TURNING & set(visible(text))
    assert not {"\n", "\t"} & set(visible_line(text))


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_other_text_is_left_alone(text: str) -> None:
    assert visible(text) == visible_line(text) == text
