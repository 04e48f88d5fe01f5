"""Records joined with text: every token's bytes, place and channel, however the text is cut."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.events import Delta
from app.domain.tokens import Candidate, Channel, Source, TokenRecord
from app.engine.sampling.record import Choice, Numbers, record
from app.engine.sampling.statistics import Distribution
from app.engine.text.channels import ChannelSplitter
from app.engine.text.stop import StopStrings
from app.engine.text.textstream import Span
from app.engine.transcript import Transcript
from tests.engine.test_channels import TEXTS, THINK, texts
from tests.engine.test_statistics import row_of

ANSWER, REASONING = Channel.ANSWER, Channel.REASONING
MIXED = st.lists(TEXTS | st.sampled_from(["é", "😀", "END", "E", "한"])).map("".join)


def run(tokens: list[bytes], stops: tuple[str, ...] = (), hidden: bytes = b"") -> list[Delta]:
    """The deltas of tokens 0, 1, 2, ... that stand for `tokens`; one equal to `hidden` is."""
    transcript = Transcript(
        ChannelSplitter(THINK), StopStrings(stops), tokens.__getitem__, tokens.__getitem__
    )
    deltas: list[Delta] = []
    for token, data in enumerate(tokens):
        transcript.push(Choice(token, Source.FORCED, None), hidden=data == hidden != b"")
        deltas += transcript.take()
        if transcript.stopped:
            break
    transcript.close()
    return deltas + transcript.take()


def tokens_of(deltas: list[Delta]) -> list[TokenRecord]:
    return [token for delta in deltas for token in delta.tokens]


def text_of(deltas: list[Delta], channel: Channel) -> str:
    return "".join(delta.text for delta in deltas if delta.channel is channel)


def cut(text: str, data: st.DataObject) -> list[bytes]:
    whole = text.encode()
    edges = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    return [whole[a:b] for a, b in zip([0, *edges], [*edges, len(whole)], strict=True)]


@given(MIXED, st.data())
def test_any_cut_gives_the_channels_their_texts(text: str, data: st.DataObject) -> None:
    deltas = run(cut(text, data))
    expected = texts("", [text])
    assert {channel: text_of(deltas, channel) for channel in expected} == expected


@given(MIXED, st.data())
def test_every_token_comes_once_and_in_order(text: str, data: st.DataObject) -> None:
    tokens = cut(text, data)
    records = tokens_of(run(tokens))
    assert [token.id for token in records] == list(range(len(tokens)))
    assert [token.data for token in records] == tokens


@given(MIXED, st.data())
def test_spans_tile_the_text_that_has_come(text: str, data: st.DataObject) -> None:
    received = dict.fromkeys(Channel, "")
    reached = dict.fromkeys(Channel, 0)
    for delta in run(cut(text, data)):
        received[delta.channel] += delta.text
        for token in delta.tokens:
            assert token.channel is delta.channel
            assert reached[token.channel] - 1 <= token.start <= token.end
            assert token.end <= len(received[token.channel])
            reached[token.channel] = max(reached[token.channel], token.end)


@given(st.text("aé😀한<\n", max_size=12), st.data())
def test_a_span_holds_the_characters_of_its_bytes(text: str, data: st.DataObject) -> None:
    tokens = cut(text, data)
    position = 0
    for token in tokens_of(run(tokens)):
        first = len(text.encode()[:position].decode("utf-8", errors="ignore"))
        position += len(token.data)
        last = len(text) - len(text.encode()[position:].decode("utf-8", errors="ignore"))
        assert (token.start, token.end) == (first, max(first, last)) or not token.data


@given(MIXED, st.data())
def test_a_stop_string_never_shows(text: str, data: st.DataObject) -> None:
    so_far = ""
    for delta in run(cut(text, data), stops=("END", "E<")):
        so_far += delta.text if delta.channel is ANSWER else ""
    assert "END" not in so_far
    assert "E<" not in so_far


def test_markers_keep_their_tokens_and_show_nothing() -> None:
    deltas = run([b"<think>", b"\n", b"so", b"</think>", b"\n\n", b"yes"])
    assert [(delta.channel, delta.text) for delta in deltas if delta.text] == [
        (REASONING, "so"),
        (ANSWER, "yes"),
    ]
    assert [(token.channel, token.start, token.end) for token in tokens_of(deltas)] == [
        (REASONING, 0, 0),
        (REASONING, 0, 0),
        (REASONING, 0, 2),
        (REASONING, 2, 2),
        (ANSWER, 0, 0),
        (ANSWER, 0, 3),
    ]


def test_a_marker_of_several_tokens_is_held_until_it_is_whole() -> None:
    deltas = run([b"a<", b"think", b">so"])
    assert [(delta.channel, delta.text, len(delta.tokens)) for delta in deltas] == [
        (ANSWER, "a", 1),
        (REASONING, "so", 2),
    ]


def test_a_token_with_text_of_two_channels_belongs_to_the_first() -> None:
    deltas = run([b"<think>", b"so</think>\n\nyes", b"!"])
    assert [(delta.channel, delta.text, len(delta.tokens)) for delta in deltas] == [
        (REASONING, "", 1),
        (REASONING, "so", 1),
        (ANSWER, "yes", 0),
        (ANSWER, "!", 1),
    ]
    assert [(token.start, token.end) for token in tokens_of(deltas)] == [(0, 0), (0, 2), (3, 4)]


def test_tokens_of_one_character_share_its_span() -> None:
    deltas = run([b"a", b"\xf0\x9f", b"\x98\x80", b"b"])
    assert [(token.start, token.end) for token in tokens_of(deltas)] == [
        (0, 1),
        (1, 2),
        (1, 2),
        (2, 3),
    ]


def test_tokens_of_a_stop_string_keep_their_records_and_show_nothing() -> None:
    deltas = run([b"yes E", b"N", b"D more"], stops=("END",))
    assert text_of(deltas, ANSWER) == "yes "
    assert [(token.start, token.end) for token in tokens_of(deltas)] == [(0, 4), (4, 4), (4, 4)]


def test_a_hidden_token_has_an_empty_span_at_its_place() -> None:
    deltas = run([b"<thi", b"</s>", b"x"], hidden=b"</s>")
    assert text_of(deltas, ANSWER) == "<thix"
    assert [(token.start, token.end) for token in tokens_of(deltas)] == [(0, 4), (4, 4), (4, 5)]


def test_a_record_has_the_numbers_of_its_distribution() -> None:
    distribution = Distribution.of(row_of([0.0, 2.0, 1.0, -1.0]))
    choice = Choice(2, Source.SAMPLED, Numbers.of(distribution, 2, 2), -0.25)
    got = record(choice, Span(3, 5), ANSWER, lambda token: bytes([65 + token]))
    assert (got.id, got.data, got.start, got.end, got.rank) == (2, b"C", 3, 5, 2)
    assert got.logprob == distribution.logprob(2)
    assert got.sampled_logprob == -0.25
    assert got.top == (
        Candidate(1, b"B", distribution.logprob(1)),
        Candidate(2, b"C", distribution.logprob(2)),
    )


def test_a_token_without_a_distribution_has_no_numbers() -> None:
    got = record(Choice(1, Source.FORCED, None), Span(0, 1), Channel.PROMPT, lambda token: b"a")
    assert [got.logprob, got.sampled_logprob, got.rank, got.entropy, got.tail] == [None] * 5
    assert got.top == ()
