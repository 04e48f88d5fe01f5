"""JSON on request: small facts from the question as one object. Size: number of fields."""

from __future__ import annotations

import json
from typing import Any

from .conversation import Conversation, Turn
from .paraphrase import typed
from .phrasebook import read_forms
from .problem import effort_of, system_of
from .source import Source
from .words import ANIMALS, CITIES, COLOURS, FRUITS, NAMES

FORMS = read_forms("structured")


def json_answer(source: Source) -> Conversation:
    """A sentence and the object, or items and the array, that stand for it."""
    if source.chance(0.25):
        items = source.until_ours(lambda: _items(source), str)
        question = source.phrasing(FORMS["list"]).format(l=", ".join(map(str, items)))
        return _conversation(items, question, str(items), source)
    text, value = source.until_ours(lambda: _facts(source), lambda made: made[0])
    question = source.phrasing(FORMS["ask"]).format(t=text, k=_keys(list(value)))
    return _conversation(value, question, text, source)


def _conversation(value: Any, question: str, key: str, source: Source) -> Conversation:
    effort = effort_of(source, high=0.25, low=0.05)
    answer = json.dumps(value)
    reasoning = "" if effort == "off" else "The answer is JSON."
    asked = question if source.chance(0.5) else typed(question, source, typos=0)
    return Conversation(
        family="json",
        key=key,
        turns=(Turn("user", asked), Turn("assistant", answer, reasoning)),
        effort=effort,
        system=system_of(source),
        accepted=(answer,),
        size=len(value),
    )


def _facts(source: Source) -> tuple[str, dict[str, Any]]:
    return source.pick((_person, _order, _pet, _move, _meeting))(source)


def _person(source: Source) -> tuple[str, dict[str, Any]]:
    name, age, city = source.pick(NAMES), source.random.randint(1, 99), source.pick(CITIES)
    if source.chance(0.5):
        text = source.pick((f"{name} is {age}", f"{name}, {age} years old", f"{name} turned {age}"))
        return text, {"name": name, "age": age}
    text = source.pick((f"{name} is {age} and lives in {city}", f"{name}, {age}, from {city}"))
    return text, {"name": name, "age": age, "city": city}


def _order(source: Source) -> tuple[str, dict[str, Any]]:
    count, item, price = (
        source.random.randint(2, 99),
        source.pick(FRUITS),
        source.random.randint(1, 50),
    )
    if source.chance(0.5):
        return source.pick((f"{count} {item}s", f"i want {count} {item}s")), {
            "item": item,
            "count": count,
        }
    text = source.pick(
        (f"{count} {item}s for {price} euros", f"{count} {item}s cost {price} euros")
    )
    return text, {"item": item, "count": count, "price": price}


def _pet(source: Source) -> tuple[str, dict[str, Any]]:
    name, animal, colour = source.pick(NAMES), source.pick(ANIMALS), source.pick(COLOURS)
    text = source.pick((f"{name} has a {colour} {animal}", f"the {colour} {animal} of {name}"))
    return text, {"owner": name, "animal": animal, "colour": colour}


def _move(source: Source) -> tuple[str, dict[str, Any]]:
    start, end = source.random.sample(CITIES, 2)
    text = source.pick(
        (f"a train from {start} to {end}", f"{start} to {end}", f"we go from {start} to {end}")
    )
    return text, {"from": start, "to": end}


def _meeting(source: Source) -> tuple[str, dict[str, Any]]:
    name, hour, online = source.pick(NAMES), source.random.randint(8, 19), source.chance(0.5)
    place = "online" if online else "in the office"
    return f"meet {name} at {hour}:00 {place}", {
        "who": name,
        "time": f"{hour}:00",
        "online": online,
    }


def _items(source: Source) -> list[Any]:
    count = source.random.randint(2, 6)
    if source.chance(0.5):
        return [source.random.randrange(100) for _ in range(count)]
    return source.random.sample(source.pick((FRUITS, COLOURS, ANIMALS, NAMES)), count)


def _keys(keys: list[str]) -> str:
    return ", ".join(keys[:-1]) + " and " + keys[-1]
