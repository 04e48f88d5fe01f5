"""Reasoning, answer and tool calls told apart, however the text is cut into tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tokens import Channel
from app.engine.text.channels import PLAIN, THINK, ChannelSplitter, Segment

ANSWER, REASONING, TOOL = Channel.ANSWER, Channel.REASONING, Channel.TOOL
PIECES = ["<think>", "</think>", "<tool_call>", "</tool_call>", "\n", "\n\n", " ", "a", "<", "</"]
TEXTS = st.lists(st.sampled_from([*PIECES, "think>", "tool_", "<thi", "b<"])).map("".join)
PROMPTS = st.sampled_from(["", "<think>", "<think>\n", "<think>\n\n</think>\n\n", "</think>"])


def segments(prompt: str, pieces: list[str]) -> list[Segment]:
    splitter = ChannelSplitter.after(prompt, THINK)
    return [part for piece in pieces for part in splitter.push(piece)] + splitter.flush()


def texts(prompt: str, pieces: list[str]) -> dict[Channel, str]:
    found: dict[Channel, str] = {}
    for segment in segments(prompt, pieces):
        if segment.shown:
            found[segment.channel] = found.get(segment.channel, "") + segment.text
    return found


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        ("<think>\n", "so\n</think>\n\nyes", {REASONING: "so\n", ANSWER: "yes"}),
        ("<think>", "\nso</think>yes", {REASONING: "so", ANSWER: "yes"}),
        ("<think>\n\n</think>\n\n", "yes", {ANSWER: "yes"}),
        ("", "<think>\nso\n</think>\n\nyes", {REASONING: "so\n", ANSWER: "yes"}),
        ("", "<think>\nso far", {REASONING: "so far"}),
        ("", "<think>a</think>b<think>c</think>d", {REASONING: "ac", ANSWER: "bd"}),
        ("<think>\n", "<think>\nso</think>yes", {REASONING: "so", ANSWER: "yes"}),
        ("", "plain text\n", {ANSWER: "plain text\n"}),
        ("", "a stray </think> stays", {ANSWER: "a stray </think> stays"}),
        ("", "so <thin ice", {ANSWER: "so <thin ice"}),
        ("", "ends in <thi", {ANSWER: "ends in <thi"}),
        (
            "",
            'ok\n<tool_call>\n{"a": 1}\n</tool_call>\n<tool_call>\n{"b": 2}\n</tool_call>\n',
            {ANSWER: "ok\n", TOOL: '{"a": 1}\n{"b": 2}\n'},
        ),
        ("", "<think>\n<tool_call>?</think>no", {REASONING: "<tool_call>?", ANSWER: "no"}),
    ],
)
def test_a_text_splits_into_its_channels(
    prompt: str, text: str, expected: dict[Channel, str]
) -> None:
    assert texts(prompt, [text]) == expected
    assert texts(prompt, list(text)) == expected


@given(PROMPTS, TEXTS, st.data())
def test_any_cut_gives_the_same_texts(prompt: str, text: str, data: st.DataObject) -> None:
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *edges], [*edges, len(text)], strict=True)]
    assert texts(prompt, pieces) == texts(prompt, [text])


@given(PROMPTS, TEXTS)
def test_nothing_is_lost_or_moved(prompt: str, text: str) -> None:
    assert "".join(segment.text for segment in segments(prompt, list(text))) == text


@given(TEXTS)
def test_a_marker_that_counts_is_never_shown(text: str) -> None:
    for segment in segments("", [text]):
        words = [marker.text for marker in THINK if marker.source is segment.channel]
        assert not segment.shown or not any(word in segment.text for word in words)


def test_without_a_format_all_text_is_of_one_channel() -> None:
    splitter = ChannelSplitter(PLAIN, Channel.PROMPT)
    assert splitter.push("<think>a") == [Segment(Channel.PROMPT, "<think>a")]


def test_a_prompt_that_merely_quotes_a_marker_changes_nothing() -> None:
    prompt = "What does <think> mean?<|im_end|>\n<|im_start|>assistant\n"
    assert ChannelSplitter.after(prompt, THINK).channel is ANSWER
