"""Every control has a name on the real accessibility bus, shown or not yet."""

from pathlib import Path

from tests.desktop.person import Person, Seen
from tests.desktop.screen import Screen, wait_for

DIALOGS = (
    ("candor-small on CPU. Open another model", "Model"),
    ("Settings", "Settings"),
    ("Server", "Server"),
    ("Speed", "Speed"),
)


def nameless(person: Person) -> list[Seen]:
    return [each for each in person.everything("") if each.is_control]


def test_every_control_of_every_window_has_a_name_on_the_bus(screen: Screen, home: Path) -> None:
    with Person(screen, home) as person:
        person.wait_to_read("Ready")
        person.type("What is 12 + 7?")
        person.press("Return")
        person.look("Regenerate")
        person.click("Edit the question")
        person.look("Edit your question", "text")
        assert nameless(person) == []
        person.press("ctrl+shift+t")
        person.look("Workbench", "dialog")
        assert nameless(person) == []
        person.click("Close")
        wait_for(lambda: not person.seen("Workbench", "dialog"), "the main window alone")
        for opener, title in DIALOGS:
            person.click(opener)
            person.look(title, "dialog")
            assert nameless(person) == []
            person.click("Close")
            wait_for(lambda title=title: not person.seen(title, "dialog"), "the main window alone")
        assert len(person.everything(".+", "push button")) > 40
