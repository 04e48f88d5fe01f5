"""The message tree, and an answer taken apart into the growth it came by."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.chats import MessageTree
from app.domain.conversation import Turn, deltas
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
