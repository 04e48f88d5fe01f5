"""A screen of its own with an accessibility bus, and real keys and a real mouse on it.

Xvfb is the X server, whose picture lies in a file; xdotool presses and clicks through XTEST.
"""

import os
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

SIZE = (1400, 900)
PATIENCE_S = 60.0
Colour = tuple[int, int, int]


def wait_for(holds: Callable[[], object], what: str) -> None:
    """Wait until `holds()`."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.05)


class Screen:
    """An X server and a session bus, for a `with` block; `folder` is theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = ExitStack()
        self.environment = {"XDG_RUNTIME_DIR": str(folder)}

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._parts = starting
            size = f"{SIZE[0]}x{SIZE[1]}x24"
            picture = ["-fbdir", str(self._folder), "-screen", "0", size, "-nolisten", "tcp"]
            display = self._start(["Xvfb", "-displayfd", "1", *picture])
            self.environment["DISPLAY"] = f":{display}"
            bus = self._start(["dbus-daemon", "--session", "--nofork", "--print-address"])
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
            self._parts = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._parts.close()

    def press(self, *keys: str) -> None:
        """Press keys one after another, as xdotool names them: `Return`, `ctrl+k`."""
        self._do("key", *keys)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "4", text)

    def click(self, x: int, y: int) -> None:
        self._do("mousemove", str(x), str(y), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press the mouse at one place, move it to another and let it go."""
        here, there = ([str(each) for each in place] for place in (start, end))
        self._do("mousemove", *here, "mousedown", "1", "mousemove", *there, "mouseup", "1")

    def focus(self, pid: int, title: str) -> bool:
        """Give the keyboard to a window of a process, as a window manager does; False if none."""
        found = self._ask("search", "--onlyvisible", "--all", "--pid", str(pid), "--name", title)
        if found.returncode:
            return False
        return self._ask("windowfocus", found.stdout.split()[0]).returncode == 0

    def pixels(self, x: int, y: int, width: int, height: int) -> list[Colour]:
        """What is shown in a part of the screen, row by row."""
        image = (self._folder / "Xvfb_screen0").read_bytes()
        fields = struct.unpack(">25I", image[:100])  # an X window dump's header
        begin, step = fields[0] + 12 * fields[19], fields[12]
        found: list[Colour] = []
        for row in range(y, y + height):
            line = image[begin + row * step + 4 * x :][: 4 * width]
            found += zip(line[2::4], line[1::4], line[0::4], strict=True)
        return found

    def _do(self, *arguments: str) -> None:
        assert self._ask(*arguments).returncode == 0

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["xdotool", *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def _start(self, command: list[str]) -> str:
        """Start a server that lives as long as the screen; the line it prints when it is ready."""
        process = subprocess.Popen(
            command,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._parts.callback(_end, process)
        assert process.stdout
        return process.stdout.readline().decode().strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(PATIENCE_S)
    assert process.stdout
    process.stdout.close()
