"""Reads the accessibility bus as a screen reader does; run by the system's Python, not ours.

A line of JSON on standard input is answered by another one:
`{"pid", "name", "role", "hidden"}` by the objects of a process, parents first, whose name fits a
regular expression and whose role is the given one, if any; those that are not shown only where
`hidden`. `{"object", "offset"}` by the box of a character of an object of the last answer.
"""

import json
import re
import sys

import gi  # pyright: ignore[reportMissingImports]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  # pyright: ignore

LONGEST_TEXT = 20_000


def main():
    """Answer until standard input ends."""
    Atspi.init()
    desktop = Atspi.get_desktop(0)
    desktop.set_cache_mask(Atspi.Cache.NONE)
    seen = []
    for line in sys.stdin:
        asks = json.loads(line)
        if "object" in asks:
            answer = place_of(seen[asks["object"]], asks["offset"])
        else:
            every = (each for one in programs(desktop, asks["pid"]) for each in family(one, asks))
            told = [(each, asked(lambda each=each: description(each), None)) for each in every]
            seen = [each for each, words in told if words]
            answer = [words for _, words in told if words]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def programs(desktop, pid):
    """The accessible programs of a process: one, or none yet."""
    every = (desktop.get_child_at_index(place) for place in range(desktop.get_child_count()))
    return [each for each in every if each and each.get_process_id() == pid]


def family(accessible, asks):
    """An object and everything in it, as far as it is asked for and still there."""
    if not asks["hidden"] and not asked(lambda: is_shown(accessible), False):
        return
    if asked(lambda: fits(accessible, asks), False):
        yield accessible
    for place in range(asked(accessible.get_child_count, 0)):
        child = asked(lambda place=place: accessible.get_child_at_index(place), None)
        if child:
            yield from family(child, asks)


def is_shown(accessible):
    return accessible.get_state_set().contains(Atspi.StateType.SHOWING)


def fits(accessible, asks):
    """Whether it is what is asked for."""
    if asks["role"] and accessible.get_role_name() != asks["role"]:
        return False
    return re.fullmatch(asks["name"], accessible.get_name().strip(), re.DOTALL)


def description(accessible):
    """What a screen reader can say of an object."""
    box = accessible.get_extents(Atspi.CoordType.SCREEN)
    can = accessible.get_interfaces()
    return {
        "role": accessible.get_role_name(),
        "name": accessible.get_name().strip(),
        "description": accessible.get_description(),
        "states": [state.value_nick for state in accessible.get_state_set().get_states()],
        "box": [box.x, box.y, box.width, box.height],
        "text": text_of(accessible) if "Text" in can else None,
        "value": value_of(accessible) if "Value" in can else None,
    }


def text_of(accessible):
    """What is written in it."""
    length = min(accessible.get_character_count(), LONGEST_TEXT)
    return Atspi.Text.get_text(accessible, 0, length)


def value_of(accessible):
    """Its number, the least and the most that it can be."""
    asks = (Atspi.Value.get_current_value, Atspi.Value.get_minimum_value)
    return [ask(accessible) for ask in (*asks, Atspi.Value.get_maximum_value)]


def place_of(accessible, offset):
    """The box of a character on the screen."""
    box = Atspi.Text.get_character_extents(accessible, offset, Atspi.CoordType.SCREEN)
    return [box.x, box.y, box.width, box.height]


def asked(question, otherwise):
    """The answer of a program that may have closed the window meanwhile."""
    try:
        return question()
    except GLib.Error:
        return otherwise


if __name__ == "__main__":
    main()
