"""Text from token bytes: the same under any chunking, and never half a character."""

from hypothesis import given
from hypothesis import strategies as st

from app.engine.text.textstream import Span, TextStream

# Bytes that begin, continue, break and look like characters.
BYTES = st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
NASTY = st.lists(
    st.sampled_from([b"\xf0", b"\x9f", b"\x98", b"\x80", b"\xe2", b"\x82", b"\xac", b"a", b"\xc0"])
).map(b"".join)


def cut(data: st.DataObject, whole: bytes) -> list[bytes]:
    edges = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    return [whole[a:b] for a, b in zip([0, *edges], [*edges, len(whole)], strict=True)]


@given(BYTES | NASTY, st.data())
def test_the_text_is_that_of_all_bytes_at_once(whole: bytes, data: st.DataObject) -> None:
    stream = TextStream()
    text = "".join(stream.push(token)[0] for token in cut(data, whole)) + stream.flush()
    assert text == whole.decode("utf-8", errors="replace")


@given(BYTES | NASTY, st.data())
def test_spans_are_inside_the_text_and_leave_no_gap(whole: bytes, data: st.DataObject) -> None:
    stream, end = TextStream(), 0
    tokens = cut(data, whole)
    spans = [stream.push(token)[1] for token in tokens]
    stream.flush()
    for token, span in zip(tokens, spans, strict=True):
        assert end - 1 <= span.start <= end or not token
        assert (span.start < span.end) == bool(token)
        end = max(end, span.end)
    assert end == len(whole.decode("utf-8", errors="replace"))


@given(st.text(min_size=1, max_size=10), st.data())
def test_a_span_covers_the_characters_of_the_token(text: str, data: st.DataObject) -> None:
    stream, position = TextStream(), 0
    whole = text.encode()
    for token in cut(data, whole):
        _, span = stream.push(token)
        if token:
            before = len(whole[:position].decode("utf-8", errors="ignore"))
            assert span.start == before
            assert token in text[span.start : span.end].encode()
        position += len(token)


def test_tokens_of_one_character_share_its_span() -> None:
    stream = TextStream()
    assert stream.push(b"a\xf0\x9f") == ("a", Span(0, 2))
    assert stream.push(b"\x98") == ("", Span(1, 2))
    assert stream.push(b"\x80b") == ("\U0001f600b", Span(1, 3))


def test_a_broken_character_becomes_the_replacement_sign_at_the_end() -> None:
    stream = TextStream()
    assert stream.push(b"a\xe2\x82") == ("a", Span(0, 2))
    assert stream.flush() == "\ufffd"
