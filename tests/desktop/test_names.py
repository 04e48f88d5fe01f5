"""Every control has a name on the real accessibility bus, shown or not yet."""

from pathlib import Path

from tests.desktop.person import Person, Seen
from tests.desktop.screen import Screen


def nameless(person: Person) -> list[Seen]:
    return [each for each in person.everything() if each.is_control and not each.name]


def test_every_control_of_the_window_has_a_name_on_the_bus(screen: Screen, home: Path) -> None:
    with Person(screen, home) as person:
        person.wait_to_read("Ready")
        assert nameless(person) == []
        person.type("What is 12 + 7?")
        person.press("Return")
        person.look("Regenerate")
        person.click("Edit the question")
        person.look("Edit your question", "text")
        person.press("Escape")
        controls = [each for each in person.everything() if each.is_control]
        assert len(controls) > 40
        assert nameless(person) == []
        assert person.leave() == ""
