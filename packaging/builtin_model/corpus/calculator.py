"""Tool calls in the Hermes format: ask the calculator, read its result, answer.

Beside the calculator other tools may be listed; a question that needs none is answered plainly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .conversation import Conversation, Turn
from .paraphrase import typed
from .phrasebook import read_forms
from .problem import effort_of
from .smalltalk import small_talk
from .source import Source
from .words import CITIES

FORMS = read_forms("calculator")


def _tool(name: str, description: str, **parameters: str) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


CALCULATOR = _tool("calculator", "Works out an expression.", expression="such as 12*34")
OTHERS = (
    _tool("get_weather", "The weather in a city.", city="name of the city"),
    _tool("get_time", "The time now."),
)


def tool_chat(source: Source) -> Conversation:
    """A question with tools at hand: the call itself, or the answer after the result."""
    tools = [CALCULATOR, *source.random.sample(OTHERS, source.pick((0, 0, 1, 2)))]
    source.random.shuffle(tools)
    if source.chance(0.1):
        return replace(small_talk(source), family="tool_unused", system=None, tools=tuple(tools))
    question, call, result, answer, key = _use(source, tools)
    asked = Turn("user", typed(question, source, typos=0.02))
    thought = f"I use {call['name']}."
    calling = Turn("assistant", "", thought, call)
    if source.chance(0.6):
        return _conversation(
            (asked, calling), tools, "tool_call", key, source, facts={"call": call}
        )
    turns = (asked, calling, Turn("tool", result), Turn("assistant", answer, "I have the result."))
    return _conversation(turns, tools, "tool_answer", key, source, (answer,))


def _use(source: Source, tools: list[dict[str, Any]]) -> tuple[str, dict[str, Any], str, str, str]:
    names = {tool["function"]["name"] for tool in tools}
    if "get_weather" in names and source.chance(0.3):
        city = source.pick(CITIES)
        sky = source.pick(("sunny", "rain", "clouds", "snow", "wind"))
        result = f"{source.random.randint(-9, 38)} degrees, {sky}"
        call = {"name": "get_weather", "arguments": {"city": city}}
        return (
            source.phrasing(FORMS["weather"]).format(c=city),
            call,
            result,
            f"{city}: {result}.",
            city,
        )
    if "get_time" in names and source.chance(0.2):
        now = f"{source.random.randrange(24):02d}:{source.random.randrange(60):02d}"
        call = {"name": "get_time", "arguments": {}}
        return source.phrasing(FORMS["time"]), call, now, f"It is {now}.", now
    expression, result = source.until_ours(lambda: _expression(source), lambda made: made[0])
    spaced = expression.replace("*", source.pick(("*", " * ", " x ", " times ", "*")))
    call = {"name": "calculator", "arguments": {"expression": expression}}
    return (
        source.phrasing(FORMS["ask"]).format(e=spaced),
        call,
        result,
        f"{expression} = {result}",
        expression,
    )


def _expression(source: Source) -> tuple[str, str]:
    a, b = (source.random.randrange(10, 10 ** source.random.randint(2, 6)) for _ in range(2))
    sign = source.pick("+-*")
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return f"{a}{sign}{b}", str(value)


def _conversation(
    turns: tuple[Turn, ...],
    tools: list[dict[str, Any]],
    family: str,
    key: str,
    source: Source,
    accepted: tuple[str, ...] = (),
    facts: dict[str, Any] | None = None,
) -> Conversation:
    effort = effort_of(source, high=0.4, low=0.1)
    if effort == "off":
        turns = tuple(Turn(turn.role, turn.content, "", turn.call) for turn in turns)
    return Conversation(
        family=family,
        key=key,
        turns=turns,
        effort=effort,
        tools=tuple(tools),
        accepted=accepted,
        facts=facts or {},
    )
