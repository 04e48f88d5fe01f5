"""How a model writes its thoughts and its calls of tools, told by what its chat template spells.

Each way has a name and pieces of text that all stand in its templates; the first that fits counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.tokens import Channel
from app.engine.text.channels import Format, Header, Marker, Skip

ANSWER, REASONING, TOOL = Channel.ANSWER, Channel.REASONING, Channel.TOOL


@dataclass(frozen=True, slots=True)
class _Way:
    """A way of writing, `pieces` of its templates, its markers and what ends a thought."""

    name: str
    pieces: tuple[str, ...]
    markers: tuple[Marker, ...] = ()
    closing: str = ""
    spelled: tuple[str, ...] = ()


def _thought(opening: str, closing: str) -> tuple[Marker, ...]:
    """Markers around a thought; a second one may follow an answer, or what the template opened."""
    return (
        Marker(opening, ANSWER, REASONING, REASONING, Skip.LINE_BREAK),
        Marker(opening, REASONING, REASONING, REASONING, Skip.LINE_BREAK),
        Marker(closing, REASONING, ANSWER, REASONING, Skip.WHITESPACE),
    )


def _hidden(*words: str) -> tuple[Marker, ...]:
    """Markers around the answer itself."""
    return tuple(Marker(word, ANSWER, ANSWER, ANSWER, Skip.LINE_BREAK) for word in words)


def _call(opening: str, closing: str = "") -> tuple[Marker, ...]:
    """Markers around a call; without a `closing` it lasts to the end of the turn."""
    first = Marker(opening, ANSWER, TOOL, TOOL, Skip.LINE_BREAK)
    return (first, Marker(closing, TOOL, ANSWER, TOOL, Skip.WHITESPACE)) if closing else (first,)


def _harmony() -> tuple[Marker, ...]:
    """Messages of a turn, each with a header that names its channel (OpenAI, harmony format)."""
    names = (("to=", TOOL), ("analysis", REASONING))
    header = Header("<|message|>", names, re.compile(r"to=[^\s<]+ ?"))
    return tuple(
        marker
        for channel in (ANSWER, REASONING, TOOL)
        for marker in (
            Marker("<|start|>", channel, ANSWER, ANSWER, header=header),
            Marker("<|channel|>", channel, ANSWER, ANSWER, header=header),
            Marker("<|end|>", channel, ANSWER, channel, Skip.WHITESPACE),
        )
    )


def _gemma() -> tuple[Marker, ...]:
    header = Header("\n", (("thought", REASONING),))
    return (
        Marker("<|channel>", ANSWER, ANSWER, ANSWER, header=header),
        Marker("<|channel>", REASONING, ANSWER, ANSWER, header=header),
        Marker("<channel|>", REASONING, ANSWER, REASONING, Skip.WHITESPACE),
        Marker("<channel|>", ANSWER, ANSWER, ANSWER, Skip.WHITESPACE),
    )


_HARMONY_END = "<|end|><|start|>assistant<|channel|>final<|message|>"
_COHERE_END = "<|END_THINKING|><|START_RESPONSE|>"
_COHERE = (
    *_thought("<|START_THINKING|>", "<|END_THINKING|>"),
    *_hidden("<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"),
)
_ERNIE = (*_thought("<think>", "</think>"), *_hidden("<response>", "</response>"))
_THINK = _Way("<think>", ("</think>",), _thought("<think>", "</think>"), "\n</think>\n\n")
_HERMES = _Way("Hermes", ("<tool_call>",), _call("<tool_call>", "</tool_call>"))

_REASONING = (
    _Way("harmony channels", ("<|channel|>", "analysis"), _harmony(), _HARMONY_END),
    _Way("Gemma channels", ("<|channel>",), _gemma(), "<channel|>"),
    _Way("<|START_THINKING|>", ("<|START_THINKING|>",), _COHERE, _COHERE_END),
    _Way("[THINK]", ("[THINK]",), _thought("[THINK]", "[/THINK]"), "[/THINK]"),
    _Way(
        "<|inner_prefix|>",
        ("<|inner_prefix|>",),
        _thought("<|inner_prefix|>", "<|inner_suffix|>"),
        "<|inner_suffix|>",
    ),
    _Way(
        "<seed:think>",
        ("</seed:think>",),
        _thought("<seed:think>", "</seed:think>"),
        "</seed:think>",
    ),
    _Way("<think> and <response>", ("</think>", "<response>"), _ERNIE, "\n</think>\n\n"),
    _THINK,
    _Way("<thought>", ("</thought>",), _thought("<thought>", "</thought>"), "\n</thought>\n"),
)
_TOOLS = (
    _Way("harmony", ("<|channel|>", "functions.")),
    _Way("Gemma", ("<|tool_call>",), _call("<|tool_call>", "<tool_call|>"), spelled=('<|"|>',)),
    _Way(
        "FunctionGemma",
        ("<start_function_call>",),
        _call("<start_function_call>", "<end_function_call>"),
        spelled=("<escape>",),
    ),
    _Way("LFM2", ("<|tool_call_start|>",), _call("<|tool_call_start|>", "<|tool_call_end|>")),
    _Way("Phi-4", ("<|tool|>",), _call("<|tool_call|>", "<|/tool_call|>")),
    _Way(
        "Mistral",
        ("[TOOL_CALLS]",),
        _call("[TOOL_CALLS]"),
        spelled=("[ARGS]", "[CALL_ID]"),
    ),
    _Way("Cohere", ("<|START_ACTION|>",), _call("<|START_ACTION|>", "<|END_ACTION|>")),
    _Way(
        "DeepSeek",
        ("<｜tool▁call",),
        _call("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
        spelled=("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"),
    ),
    _Way("Apertus", ("<|tools_prefix|>",), _call("<|tools_prefix|>", "<|tools_suffix|>")),
    _Way("Qwen XML", ("<function=", "<parameter="), _HERMES.markers),
    _HERMES,
    _Way("Llama JSON", ("ipython", '"parameters"'), _call("<|python_tag|>")),
    _Way("LFM2", ("<|tool_list_start|>",), _call("<|tool_call_start|>", "<|tool_call_end|>")),
)


def reasoning(template: str) -> str:
    """The name of the way thoughts are written, empty where the template tells of none."""
    way = _first(template, _REASONING)
    return way.name if way else ""


def tools(template: str) -> str:
    """The name of the way calls are written, empty where the template tells of none."""
    way = _first(template, _TOOLS)
    return way.name if way else ""


def written(template: str) -> Format:
    """How to read what a model with this template writes.

    Where the template tells of no way, models still write the commonest one.
    """
    thoughts = _first(template, _REASONING) or _THINK
    calls = _first(template, _TOOLS) or _HERMES
    return Format((*thoughts.markers, *calls.markers), thoughts.closing, calls.spelled)


def is_harmony(template: str) -> bool:
    """Whether <|end|> closes a message of a turn, not the turn."""
    return "<|channel|>" in template and "<|message|>" in template


def _first(template: str, known: Sequence[_Way]) -> _Way | None:
    return next((way for way in known if all(each in template for each in way.pieces)), None)
