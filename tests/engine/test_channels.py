"""Reasoning, answer and tool calls told apart, however the text is cut into tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tokens import Channel
from app.engine.text.channels import PLAIN, ChannelSplitter, Format, Segment
from app.engine.text.formats import written

ANSWER, REASONING, TOOL = Channel.ANSWER, Channel.REASONING, Channel.TOOL
THINK = written("")
HARMONY = written("<|channel|>analysis<|message|>functions.")
GEMMA = written("<|channel>thought <|tool_call>")
COHERE = written("<|START_THINKING|><|START_ACTION|>")
MISTRAL = written("[THINK][TOOL_CALLS]")
ERNIE = written("</think><response>")
APERTUS = written("<|inner_prefix|><|tools_prefix|>")
FORMATS = [THINK, HARMONY, GEMMA, COHERE, MISTRAL, ERNIE, APERTUS]
OTHERS = ["assistant", "analysis", "final", "commentary to=functions.f ", "thought", "json", "<|"]
PIECES = ["<think>", "</think>", "<tool_call>", "</tool_call>", "\n", "\n\n", " ", "a", "<", "</"]
TEXTS = st.lists(st.sampled_from([*PIECES, "think>", "tool_", "<thi", "b<"])).map("".join)
PROMPTS = st.sampled_from(["", "<think>", "<think>\n", "<think>\n\n</think>\n\n", "</think>"])


def segments(prompt: str, pieces: list[str], format: Format = THINK) -> list[Segment]:
    splitter = ChannelSplitter.after(prompt, format)
    return [part for piece in pieces for part in splitter.push(piece)] + splitter.flush()


def texts(prompt: str, pieces: list[str], format: Format = THINK) -> dict[Channel, str]:
    found: dict[Channel, str] = {}
    for segment in segments(prompt, pieces, format):
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


CALL = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>"


@pytest.mark.parametrize(
    ("format", "prompt", "text", "expected"),
    [
        (
            HARMONY,
            "<|end|><|start|>assistant",
            "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>"
            "yes",
            {REASONING: "so", ANSWER: "yes"},
        ),
        (
            HARMONY,
            "<|start|>assistant<|channel|>analysis<|message|>",
            "so<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|>"
            f'<|start|>assistant{CALL}{{"a": 1}}',
            {REASONING: "so", ANSWER: "I look.", TOOL: 'to=functions.f {"a": 1}'},
        ),
        (HARMONY, "<|start|>assistant", "<|channel|>ana", {}),
        (HARMONY, "<|end|><|start|>assistant", "no header", {ANSWER: "no header"}),
        (HARMONY, "<|end|><|start|>assistant", "a" * 200, {ANSWER: "a" * 200}),
        (
            HARMONY,
            "<|start|>assistant",
            "<|channel|>analysis<|message|>so far",
            {REASONING: "so far"},
        ),
        (GEMMA, "", "<|channel>thought\nso\n<channel|>yes", {REASONING: "so\n", ANSWER: "yes"}),
        (GEMMA, "<|channel>thought\n<channel|>", "yes", {ANSWER: "yes"}),
        (GEMMA, "<|channel>thought\n", "so<channel|>\nyes", {REASONING: "so", ANSWER: "yes"}),
        (GEMMA, "", "yes<|tool_call>call:f{a:1}<tool_call|>", {ANSWER: "yes", TOOL: "call:f{a:1}"}),
        (
            COHERE,
            "",
            "<|START_THINKING|>so<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>",
            {REASONING: "so", ANSWER: "yes"},
        ),
        (
            COHERE,
            "<|START_THINKING|><|END_THINKING|>",
            "<|START_ACTION|>[]<|END_ACTION|>",
            {TOOL: "[]"},
        ),
        (MISTRAL, "", "[THINK]so[/THINK]yes", {REASONING: "so", ANSWER: "yes"}),
        (MISTRAL, "", "ok[TOOL_CALLS]f[ARGS]{}", {ANSWER: "ok", TOOL: "f[ARGS]{}"}),
        (
            ERNIE,
            "<think>\n",
            "so\n</think>\n\n<response>\nyes\n</response>\n",
            {REASONING: "so\n", ANSWER: "yes\n"},
        ),
        (
            APERTUS,
            "",
            "<|inner_prefix|>so<|inner_suffix|>yes<|tools_prefix|>[]<|tools_suffix|>",
            {REASONING: "so", ANSWER: "yes", TOOL: "[]"},
        ),
    ],
)
def test_every_way_of_writing_splits(
    format: Format, prompt: str, text: str, expected: dict[Channel, str]
) -> None:
    assert texts(prompt, [text], format) == expected
    assert texts(prompt, list(text), format) == expected


@given(st.sampled_from(FORMATS), st.data())
def test_in_every_way_any_cut_gives_the_same_and_loses_nothing(
    format: Format, data: st.DataObject
) -> None:
    words = [*sorted(format.words()), *OTHERS, "\n", " ", "a", "<", "<|", "x" * 130]
    drawn = st.lists(st.sampled_from(words), max_size=8).map("".join)
    prompt, text = data.draw(drawn), data.draw(drawn)
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *edges], [*edges, len(text)], strict=True)]
    assert texts(prompt, pieces, format) == texts(prompt, [text], format)
    assert "".join(segment.text for segment in segments(prompt, pieces, format)) == text


@pytest.mark.parametrize("format", FORMATS)
def test_the_closing_of_each_way_ends_a_thought(format: Format) -> None:
    splitter = ChannelSplitter(format, REASONING)
    shown = [each.text for each in splitter.push(format.closing + "yes") if each.shown]
    assert "".join(shown).strip() == "yes"
    assert splitter.channel is ANSWER


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
        words = [marker.text for marker in THINK.markers if marker.source is segment.channel]
        assert not segment.shown or not any(word in segment.text for word in words)


def test_without_a_format_all_text_is_of_one_channel() -> None:
    splitter = ChannelSplitter(PLAIN, Channel.PROMPT)
    assert splitter.push("<think>a") == [Segment(Channel.PROMPT, "<think>a")]


def test_a_prompt_that_merely_quotes_a_marker_changes_nothing() -> None:
    prompt = "What does <think> mean?<|im_end|>\n<|im_start|>assistant\n"
    assert ChannelSplitter.after(prompt, THINK).channel is ANSWER
