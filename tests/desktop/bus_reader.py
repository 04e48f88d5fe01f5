"""Reads the accessibility bus as a screen reader does; run by the system's Python, not ours.

A line of JSON on standard input is answered by another one:
`{"pid", "name", "role", "hidden"}` by the objects of a process, parents first, whose name fits a
regular expression and whose role is the given one, if any; those that are not shown only where
`hidden`. `{"object", "offset"}` by the box of a character of an object of the last answer.

A program answers one question in the time of a turn of its event loop, however many wait, so the
questions about all objects of one depth are asked at once.
"""

import json
import re
import sys

import gi  # pyright: ignore[reportMissingImports]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402  # pyright: ignore

ATSPI = "org.a11y.atspi."
SCREEN = GLib.Variant("(u)", (0,))  # coordinates of the screen
REGISTRY = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
STATES = [Atspi.StateType(number).value_nick for number in range(Atspi.StateType.LAST_DEFINED)]


def main():
    """Answer until standard input ends."""
    bus = Bus()
    seen = []
    for line in sys.stdin:
        asks = json.loads(line)
        if "object" in asks:
            answer = place_of(bus, seen[asks["object"]], asks["offset"])
        else:
            found = [each for one in programs(bus, asks["pid"]) for each in fitting(bus, one, asks)]
            seen = [place for place, _ in found]
            answer = [words for _, words in found]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class Bus:
    """The accessibility bus; an object on it is the name of its program and a path."""

    def __init__(self):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        where = ("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        (address,) = session.call_sync(*where, None, None, 0, -1).unpack()
        client = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        client |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self._connection = Gio.DBusConnection.new_for_address_sync(address, client)

    def ask(self, questions):
        """The answers to (object, interface, method, arguments), all asked at once.

        None answers for what is no longer there, as in a window that was closed meanwhile.
        """
        answers = [None] * len(questions)
        open_ones = set(range(len(questions)))

        def take(connection, result, number):
            open_ones.discard(number)
            try:
                told = connection.call_finish(result).unpack()
                answers[number] = told[0] if len(told) == 1 else told
            except GLib.Error:
                answers[number] = None

        for number, ((program, path), interface, method, arguments) in enumerate(questions):
            where = (program, path, interface, method, arguments, None, 0, -1, None)
            self._connection.call(*where, take, number)
        while open_ones:
            GLib.MainContext.default().iteration(True)
        return answers


def method(place, interface, name, arguments=None):
    return place, ATSPI + interface, name, arguments


def value(place, interface, name):
    arguments = GLib.Variant("(ss)", (ATSPI + interface, name))
    return place, "org.freedesktop.DBus.Properties", "Get", arguments


def programs(bus, pid):
    """The accessible programs of a process: one, or none yet."""
    (every,) = bus.ask([method(REGISTRY, "Accessible", "GetChildren")])
    where = (("org.freedesktop.DBus", "/org/freedesktop/DBus"), "org.freedesktop.DBus")
    whose = [
        (*where, "GetConnectionUnixProcessID", GLib.Variant("(s)", (program,)))
        for program, _ in every or []
    ]
    return [one for one, its in zip(every or [], bus.ask(whose), strict=True) if its == pid]


class Node:
    """An object, what was told of it, and the objects in it."""

    def __init__(self, place):
        self.place = place
        self.states, self.role, self.name, self.children = set(), "", "", []


def fitting(bus, root, asks):
    """The objects that are asked for with their descriptions, parents first."""
    tree = Node(root)
    level = [tree]
    while level:
        level = [child for node in look(bus, level, asks["hidden"]) for child in node.children]
    fits = re.compile(asks["name"], re.DOTALL).fullmatch
    wanted = [node for node in family(tree) if asks["role"] in ("", node.role) and fits(node.name)]
    return [(node.place, words) for node, words in described(bus, wanted) if words]


def look(bus, level, hidden):
    """Fill in the nodes of one depth; those that are shown, or all of them where `hidden`."""
    states = bus.ask([method(node.place, "Accessible", "GetState") for node in level])
    kept = []
    for node, words in zip(level, states, strict=True):
        node.states = named_states(words or (0, 0))
        if words and (hidden or "showing" in node.states):
            kept.append(node)
    asked = [
        question
        for node in kept
        for question in (
            method(node.place, "Accessible", "GetRole"),
            value(node.place, "Accessible", "Name"),
            method(node.place, "Accessible", "GetChildren"),
        )
    ]
    told = iter(bus.ask(asked))
    for node, role, name, children in zip(kept, told, told, told, strict=True):
        node.role = Atspi.role_get_name(Atspi.Role(role or 0))
        node.name = (name or "").strip()
        node.children = [Node(place) for place in children or []]
    return kept


def family(node):
    """A node that was looked at and everything in it."""
    if node.role:
        yield node
    for child in node.children:
        yield from family(child)


def named_states(words):
    """The names of the bits of two words of 32."""
    bits = words[0] | words[1] << 32
    return {name for number, name in enumerate(STATES) if bits >> number & 1}


def described(bus, nodes):
    """What a screen reader can say of each; None of those that are gone."""
    parts = [
        question
        for node in nodes
        for question in (
            value(node.place, "Accessible", "Description"),
            method(node.place, "Component", "GetExtents", SCREEN),
            method(node.place, "Accessible", "GetInterfaces"),
        )
    ]
    told = iter(bus.ask(parts))
    for node, description, box, can in zip(nodes, told, told, told, strict=True):
        yield (
            node,
            box
            and {
                "role": node.role,
                "name": node.name,
                "description": description or "",
                "states": sorted(node.states),
                "box": box,
                "text": text_of(bus, node.place) if ATSPI + "Text" in (can or []) else None,
                "value": value_of(bus, node.place) if ATSPI + "Value" in (can or []) else None,
            },
        )


def text_of(bus, place):
    """What is written in it."""
    return bus.ask([method(place, "Text", "GetText", GLib.Variant("(ii)", (0, -1)))])[0]


def value_of(bus, place):
    """Its number, the least and the most that it can be."""
    names = ("CurrentValue", "MinimumValue", "MaximumValue")
    told = bus.ask([value(place, "Value", name) for name in names])
    return None if None in told else told


def place_of(bus, place, offset):
    """The box of a character on the screen."""
    arguments = GLib.Variant("(iu)", (offset, 0))
    return bus.ask([method(place, "Text", "GetCharacterExtents", arguments)])[0]


if __name__ == "__main__":
    main()
