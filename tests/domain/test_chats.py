"""The message tree, and an answer taken apart into the growth it came by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.chats import TITLE_LENGTH, MessageTree, title
from app.domain.conversation import Turn, Version, deltas
from app.domain.messages import Role
from app.domain.tokens import Channel, Source, TokenRecord

SHOWN = (Channel.REASONING, Channel.ANSWER, Channel.TOOL)
Pieces = list[tuple[Channel, str]]
pieces = st.lists(st.tuples(st.sampled_from(SHOWN), st.text(max_size=3)), max_size=30)


def turn(said: Pieces, unnumbered: str = "") -> Turn:
    """An answer of one token for each piece; `unnumbered` is text that came without tokens."""
    texts: dict[Channel, str] = dict.fromkeys(Channel, "")
    tokens: list[TokenRecord] = []
    for channel, text in said:
        start = len(texts[channel])
        texts[channel] += text
        tokens.append(token(channel, text, start))
    return Turn(
        id=1,
        role=Role.ASSISTANT,
        text=texts[Channel.ANSWER] + unnumbered,
        reasoning=texts[Channel.REASONING],
        tool_call=texts[Channel.TOOL],
        tokens=tuple(tokens),
    )


def token(channel: Channel, text: str, start: int) -> TokenRecord:
    end = start + len(text)
    data = text.encode()
    return TokenRecord(7, data, start, end, -1.0, -1.0, 1, 1.0, (), 0.5, channel, Source.SAMPLED)


@given(pieces, st.text(max_size=3))
def test_the_growth_of_an_answer_adds_up_to_it(said: Pieces, unnumbered: str):
    answer = turn(said, unnumbered)
    grown = deltas(answer)
    assert tuple(token for delta in grown for token in delta.tokens) == answer.tokens
    for channel in SHOWN:
        text = "".join(delta.text for delta in grown if delta.channel is channel)
        assert text == answer.channel_text(channel)


@given(pieces)
def test_a_span_lies_inside_the_text_received_with_it(said: Pieces):
    lengths: dict[Channel, int] = dict.fromkeys(Channel, 0)
    for delta in deltas(turn(said)):
        lengths[delta.channel] += len(delta.text)
        assert all(token.end <= lengths[delta.channel] for token in delta.tokens)


def test_a_path_leads_from_the_first_message_and_versions_share_a_place():
    tree = MessageTree([(1, None), (2, 1), (3, 2), (4, 1), (5, 4), (6, None)])
    assert tree.path(3) == (1, 2, 3)
    assert tree.path(5) == (1, 4, 5)
    assert tree.versions(4) == tree.versions(2) == (2, 4)
    assert tree.versions(1) == (1, 6)
    assert [tree.version(id) for id in (2, 4)] == [Version(0, 2), Version(1, 2)]


def test_the_newest_leaf_is_the_last_of_all_that_follow():
    tree = MessageTree([(1, None), (2, 1), (3, 2), (4, 1), (5, 4), (6, 2)])
    assert [tree.newest_leaf(id) for id in (1, 2, 3, 4)] == [6, 6, 3, 5]


def test_a_tree_that_grows_leaves_the_former_one_as_it_was():
    before = MessageTree([(1, None)])
    after = before.grown(2, 1)
    assert (2 in before, 2 in after) == (False, True)
    assert after == MessageTree([(2, 1), (1, None)]) != before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Why?", "Why?"),
        ("  one\n\ttwo \r\n three ", "one two three"),
        ("a" * 5000, "a" * TITLE_LENGTH),
        ("safe \u202egnp.exe\u202c", "safe gnp.exe"),
        ("half \ud83d and \x00\x07 bell", "half and bell"),
        ("می\u200cخواهم 👨\u200d👩\u200d👧", "می\u200cخواهم 👨\u200d👩\u200d👧"),
        (" \n ", ""),
    ],
)
def test_a_title_is_one_line_that_stays_inside_itself(text: str, expected: str):
    assert title(text) == expected


@given(st.text(max_size=200))
def test_a_title_of_any_text_is_a_title(text: str):
    made = title(text)
    assert len(made) <= TITLE_LENGTH
    assert len(made.splitlines()) <= 1
    assert title(made) == made
