"""Stop strings end the answer and never show, however the text comes."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.tokens import Channel
from app.engine.text.channels import Segment
from app.engine.text.stop import StopStrings

LETTERS = st.text("ab", max_size=20)
STOPS = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3)


def answer(text: str) -> Segment:
    return Segment(Channel.ANSWER, text)


def shown(segments: list[Segment], channel: Channel = Channel.ANSWER) -> str:
    return "".join(part.text for part in segments if part.shown and part.channel is channel)


def slow_cut(text: str, stops: list[str]) -> tuple[str, bool]:
    """Read one character more at a time until the text ends in a stop string."""
    for end in range(len(text) + 1):
        ending = [stop for stop in stops if text[:end].endswith(stop)]
        if ending:
            return text[: end - max(map(len, ending))], True
    return text, False


@given(LETTERS, STOPS, st.data())
def test_any_cut_shows_the_text_before_the_first_stop(
    text: str, stops: list[str], data: st.DataObject
) -> None:
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    matcher, got = StopStrings(stops), []
    expected, matched = slow_cut(text, stops)
    for a, b in zip([0, *edges], [*edges, len(text)], strict=True):
        got += matcher.push([answer(text[a:b])])
        assert expected.startswith(shown(got))
    got += matcher.flush()
    assert (shown(got), matcher.matched) == (expected, matched)
    assert "".join(part.text for part in got) == text


@given(st.lists(st.tuples(st.sampled_from(list(Channel)), st.booleans(), LETTERS)), STOPS)
def test_only_the_shown_answer_counts_and_order_is_kept(
    parts: list[tuple[Channel, bool, str]], stops: list[str]
) -> None:
    segments = [Segment(channel, text, seen) for channel, seen, text in parts if text]
    matcher = StopStrings(stops)
    got = [part for segment in segments for part in matcher.push([segment])] + matcher.flush()
    assert "".join(part.text for part in got) == "".join(part.text for part in segments)
    assert (shown(got), matcher.matched) == slow_cut(shown(segments), stops)


def test_a_stop_string_is_met_across_a_tool_call() -> None:
    matcher = StopStrings(["END"])
    call = Segment(Channel.TOOL, "call")
    assert matcher.push([answer("so EN"), call]) == [answer("so ")]
    got = matcher.push([answer("D more")])
    assert matcher.matched
    assert shown(got) == shown(got, Channel.TOOL) == ""


def test_text_after_a_match_is_hidden() -> None:
    matcher = StopStrings(["X"])
    assert shown(matcher.push([answer("aXb")])) == "a"
    assert shown(matcher.push([answer("c")])) == ""


def test_without_stop_strings_nothing_is_held() -> None:
    segments = [answer("abc")]
    assert StopStrings(()).push(segments) == segments
