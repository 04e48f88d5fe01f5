"""A person at the screen: sees what the accessibility bus tells, presses keys, uses the mouse."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.desktop.screen import PATIENCE_S, Screen, wait_for

ROOT = Path(__file__).parents[2]
READER = ["/usr/bin/python3", str(Path(__file__).with_name("bus_reader.py"))]
PROGRAM = [sys.executable, "-P", "-m", "app"]
DOUBLE_CLICKED = [
    sys.executable,
    "-P",
    "-c",
    "import sys; sys.frozen, sys.argv = True, ['candor']; import app.__main__ as program;"
    "sys.exit(program.main())",
]
"""As the frozen program, of which nobody reads what it prints."""
NEEDS_NAME = frozenset(
    ("push button", "check box", "radio button", "slider", "spin button", "text", "combo box",
     "scroll bar", "list", "list item", "menu item", "progress bar", "page tab", "table", "link",
     "toggle button", "password text", "dialog", "frame")
)  # fmt: skip


class Seen(msgspec.Struct, frozen=True):
    """An accessible object at one moment; `place` is its number in what was read then.

    `value` is a number, the least and the most that it can be.
    """

    role: str
    name: str
    description: str
    states: list[str]
    box: tuple[int, int, int, int]
    text: str | None
    value: tuple[float, float, float] | None
    place: int = 0

    @property
    def enabled(self) -> bool:
        return "enabled" in self.states

    @property
    def is_control(self) -> bool:
        """Whether it can be used, and so needs a name."""
        return self.role in NEEDS_NAME or "focusable" in self.states

    @property
    def number(self) -> float:
        assert self.value
        return self.value[0]

    @property
    def handle(self) -> tuple[int, int]:
        """The middle of a slider's handle, about as wide as the slider is high."""
        assert self.value
        (x, y, width, height), (now, least, most) = self.box, self.value
        way = (width - height) * (now - least) / (most - least)
        return round(x + height / 2 + way), y + height // 2

    @property
    def centre(self) -> tuple[int, int]:
        x, y, width, height = self.box
        return x + width // 2, y + height // 2


class Person:
    """Starts the program with `home` as its home folder, for a `with` block."""

    def __init__(self, screen: Screen, home: Path, program: Sequence[str] = PROGRAM) -> None:
        self.screen = screen
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "CANDOR_")) and name != "QT_QPA_PLATFORM"
        } | screen.environment
        environment |= {"HOME": str(home), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        self.process = subprocess.Popen(
            program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = subprocess.Popen(
            READER,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        wait_for(lambda: self.screen.focus(self.process.pid, "Candor"), "the window")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reader.communicate(timeout=PATIENCE_S)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()

    def everything(self, name: str, role: str = "") -> list[Seen]:
        """Every accessible object whose name and role fit, hidden ones too, parents first."""
        return self._read(name, role, hidden=True)

    def seen(self, name: str, role: str = "") -> list[Seen]:
        """What is shown under a name that fits this regular expression, in this role if any."""
        return [each for each in self._read(name, role, hidden=False) if each.box[2] > 0]

    def look(self, name: str, role: str = "", *, enabled: bool = True) -> Seen:
        """Wait for the only thing shown under this name, and return it."""
        found: list[Seen] = []

        def is_there() -> bool:
            found[:] = self.seen(re.escape(name), role)
            return len(found) == 1 and (found[0].enabled or not enabled)

        wait_for(is_there, f"one {role or 'thing'} called {name!r}")
        return found[0]

    def reads(self, words: str) -> bool:
        """Whether these words are shown anywhere."""
        return bool(self.seen(f".*{re.escape(words)}.*"))

    def wait_to_read(self, words: str) -> None:
        wait_for(lambda: self.reads(words), repr(words))

    def click(self, name: str, role: str = "push button") -> None:
        self.screen.click(*self.look(name, role).centre)

    def click_word(self, thing: Seen, offset: int) -> None:
        """Click the character at `offset` of a text that was just seen."""
        x, y, width, height = self._ask(object=thing.place, offset=offset)
        self.screen.click(x + width // 2, y + height // 2)

    def type(self, text: str) -> None:
        self.screen.type(text)

    def press(self, *keys: str) -> None:
        self.screen.press(*keys)

    def leave(self) -> str:
        """Close the program by its key; what it printed."""
        self.press("ctrl+q")
        said, _ = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0
        return said.decode()

    def _read(self, name: str, role: str, *, hidden: bool) -> list[Seen]:
        told = self._ask(pid=self.process.pid, name=name, role=role, hidden=hidden)
        found = msgspec.convert(told, list[Seen])
        return [msgspec.structs.replace(each, place=place) for place, each in enumerate(found)]

    def _ask(self, **question: object) -> Any:
        assert self._reader.stdin
        assert self._reader.stdout
        self._reader.stdin.write(json.dumps(question) + "\n")
        self._reader.stdin.flush()
        return json.loads(self._reader.stdout.readline())
