"""What a newcomer does with the real program, by real keys and clicks, from an empty home on."""

import os
import signal
import time
from pathlib import Path

from tests.desktop.person import DOUBLE_CLICKED, Person, Seen
from tests.desktop.screen import PATIENCE_S, Screen, wait_for

# Its trace is some 280 tokens long: time enough to stop it, however fast the machine.
QUESTION = "What is 34729514 + 87234519?"
# An honest "I do not know" has two wordings, so one of its tokens is always near one bit.
UNSURE = "What is the capital of France?"
GREY = 12
PULSE_S = 0.02
REPAINT_S = 0.2


class SlowWorker:
    """Lets the worker of a program work for a moment at a time."""

    def __init__(self, person: Person) -> None:
        children = f"/proc/{person.process.pid}/task/{person.process.pid}/children"
        (self._pid,) = map(int, Path(children).read_text().split())
        os.kill(self._pid, signal.SIGSTOP)

    def works(self) -> bool:
        """Let it, and the window behind it, go on for a moment."""
        self.go_on()
        time.sleep(PULSE_S)
        os.kill(self._pid, signal.SIGSTOP)
        time.sleep(REPAINT_S)
        return True

    def go_on(self) -> None:
        os.kill(self._pid, signal.SIGCONT)


def written(person: Person) -> int:
    """How many characters of answers and their reasoning are shown."""
    return sum(len(each.text or "") for each in person.seen("Reasoning|Answer", "label"))


def fact(person: Person, name: str) -> str:
    """A number of the inspector; empty where it shows none."""
    found = person.seen(f"{name}: .*", "label")
    return found[0].name.removeprefix(f"{name}: ") if found else ""


def walk_to_an_unsure_word(person: Person) -> None:
    """Go right until there was another choice, of half a bit or more."""
    while float(fact(person, "Entropy").split()[0]) < 0.5:
        before = fact(person, "Position")
        person.press("Right")
        wait_for(lambda before=before: fact(person, "Position") not in ("", before), "another word")


def chats(person: Person) -> list[str]:
    return [each.name for each in person.seen(".*", "list item")]


def ask(person: Person, text: str) -> Seen:
    """Type a question, send it by Enter, and wait for the end of its answer."""
    person.type(text)
    person.press("Return")
    person.wait_to_read(text)
    person.look("Send", enabled=False)
    person.look("Regenerate")
    return person.look("Answer", "label")


def colours(person: Person, thing: Seen) -> int:
    """How many pixels of a text are neither its ground nor grey."""
    seen = person.screen.pixels(*thing.box)
    return sum(1 for pixel in seen if max(pixel) - min(pixel) > GREY)


def test_a_newcomer_asks_looks_at_a_word_and_stops_an_answer(screen: Screen, home: Path) -> None:
    with Person(screen, home) as person:
        person.look("What is 348 + 276?")
        person.wait_to_read("Ready")
        answer = ask(person, UNSURE)
        assert colours(person, answer) > 50

        person.click_word(answer, 1)
        wait_for(lambda: fact(person, "Probability"), "the inspector")
        place = int(fact(person, "Position"))
        person.press("Right", "Right")
        wait_for(lambda: fact(person, "Position") == f"{place + 2}", "the second next")
        person.press("Left")
        wait_for(lambda: fact(person, "Position") == f"{place + 1}", "the next word")
        walk_to_an_unsure_word(person)
        wait_for(lambda: person.seen("[0-9,]+ tokens left after sampling.*"), "what is left")

        person.press("ctrl+l")
        slider = person.look("Temperature", "slider")
        x, y, width, height = slider.box
        person.screen.drag(slider.handle, (x + width - 2, y + height // 2))
        wait_for(lambda: person.look("Temperature", "spin button").number == 2, "a hot slider")
        person.press("Home")
        wait_for(lambda: person.look("Temperature", "spin button").number == 0, "a cold slider")
        wait_for(lambda: person.seen("1 token left after sampling.*"), "the only token")

        person.press("ctrl+l")
        worker = SlowWorker(person)
        person.type(QUESTION)
        person.press("Return")
        for _ in range(3):
            before = written(person)
            wait_for(lambda before=before: worker.works() and written(person) > before, "more text")
        assert person.seen("Stop")
        person.press("Escape")
        person.type("Next")  # once this is there, the key before it was seen too
        wait_for(lambda: person.look("Your question", "text").text == "Next", "the next question")
        worker.go_on()
        person.look("Send")
        person.wait_to_read("Stopped")
        assert person.leave() == ""


def test_versions_search_rename_delete_and_a_second_start(screen: Screen, home: Path) -> None:
    with Person(screen, home) as person:
        person.wait_to_read("Ready")
        ask(person, "What is 12 + 7?")
        person.click("Edit the question")
        person.look("Edit your question", "text")
        person.press("ctrl+a")
        person.type(UNSURE)
        person.press("Return")
        person.wait_to_read("2 of 2")
        person.look("Regenerate")
        person.click("Version of the question before this one")
        person.wait_to_read("What is 12 + 7?")
        person.press("Tab")
        person.click("Version of the question after this one")
        person.wait_to_read(UNSURE)
        person.click("Regenerate")
        wait_for(lambda: len(person.seen("Version of the answer before this one")) == 1, "both")
        person.look("Regenerate")

        person.press("ctrl+n")
        person.wait_to_read("Ask a question")
        ask(person, "Hello")
        wait_for(lambda: chats(person) == ["Today", "Hello, open", "What is 12 + 7?"], "both chats")
        person.press("ctrl+k")
        person.type("capital")
        wait_for(lambda: len(chats(person)) == 1, "the chat that was found")
        person.press("Return")
        person.wait_to_read(UNSURE)
        person.press("ctrl+k", "Escape")
        wait_for(lambda: len(chats(person)) == 3, "the whole list")

        person.press("Down", "F2")
        person.press("ctrl+a")
        person.type("Greeting")
        person.press("Return")
        wait_for(lambda: "Greeting" in chats(person), "the new title")
        person.press("Delete")
        wait_for(lambda: "Greeting" not in chats(person), "the end of a chat")
        person.click("Bring the deleted chat back")
        wait_for(lambda: "Greeting" in chats(person), "the chat again")
        answer = person.look("Answer", "label")
        listed, picture = chats(person), screen.pixels(*answer.box)
        assert listed == ["Today", "Greeting", "What is 12 + 7?, open"]
        assert colours(person, answer) > 50
        assert person.leave() == ""

    with Person(screen, home) as person:
        person.wait_to_read("Ready")
        wait_for(lambda: len(chats(person)) == 3, "both chats")
        person.click("What is 12 + 7?", "list item")
        wait_for(lambda: chats(person) == listed, "the chat")
        again = person.look("Answer", "label")
        assert again.text == answer.text
        wait_for(lambda: screen.pixels(*again.box) == picture, "every colour as it was")
        person.look("Version of the answer before this one")
        person.look("Version of the question before this one")
        assert person.leave() == ""


def test_a_second_double_click_says_that_candor_is_open(screen: Screen, home: Path) -> None:
    with Person(screen, home) as first:
        first.wait_to_read("Ready")
        with Person(screen, home, DOUBLE_CLICKED) as second:
            second.look(f"Candor is already open, as process {first.process.pid}.")
            second.look("Use its window.")
            assert [each for each in second.everything("") if each.is_control] == []
            second.press("Escape")
            assert second.process.wait(PATIENCE_S) == 2
        screen.focus(first.process.pid, "Candor")
        assert first.leave() == ""
