"""The child's side of a comparison: one system that reads commands and answers with what it took.

A command is a line of JSON, and so is its answer: `seconds` of wall time, `processor` seconds of
all threads, `units` (tokens, or passes over the memory), `peak`, the most memory the process ever
had, and `private`, what of its memory is now in no file. Only the standard library is needed here,
since every peer has an environment of its own.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

WARM_UP = 2  # tokens, after a rewind has emptied the processor's caches

Command = dict[str, Any]


class System:
    """What every system can do; times are taken outside.

    `threads` is how many it may use; `options` is its own affair.
    """

    def __init__(self, folder: Path, threads: int, options: Command) -> None:
        self.folder = folder
        self.threads = threads
        self.options = options

    def load(self, context: int) -> None:
        """Open the model for a conversation of about `context` tokens."""
        raise NotImplementedError

    def read(self, ids: list[int]) -> None:
        """Forget everything, read a prompt and pick the token that follows it."""
        raise NotImplementedError

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens of what was read."""
        raise NotImplementedError

    def step(self) -> None:
        """Run one token and pick the next, the likeliest."""
        raise NotImplementedError

    def read_rows(self, rows: list[list[int]]) -> None:
        """Read several prompts, to be continued side by side."""
        raise NotImplementedError

    def step_rows(self) -> None:
        """One token for each of them."""
        raise NotImplementedError

    def profile(self, ids: list[int], tokens: int, rows: int) -> dict[str, Any]:
        """Milliseconds by operator: of reading `ids`, and of one token after them or in `rows`."""
        raise NotImplementedError


def serve(make: Callable[[Path, int, Command], System]) -> None:
    """Answer commands until the pipe ends; the arguments are folder, threads and options."""
    replies = _take_output()
    system = make(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
    for line in sys.stdin:
        try:
            answer = _answer(system, json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


def _answer(system: System, command: Command) -> Command:
    match command["do"]:
        case "load":
            return _timed(lambda: system.load(command["context"]), 1)
        case "read":
            return _timed(lambda: system.read(command["ids"]), len(command["ids"]))
        case "decode":
            system.rewind(command["context"])
            return _steps(system.step, command["tokens"], rows=1)
        case "batch":
            system.read_rows(command["prompts"])
            return _steps(system.step_rows, command["tokens"], rows=len(command["prompts"]))
        case "profile":
            return system.profile(command["ids"], command["tokens"], command["rows"])
        case unknown:
            raise ValueError(f"no such command: {unknown}")


def _steps(step: Callable[[], None], count: int, rows: int) -> Command:
    for _ in range(WARM_UP):
        step()

    def run() -> None:
        for _ in range(count):
            step()

    return _timed(run, count * rows)


def _timed(work: Callable[[], None], units: int) -> Command:
    processor, wall = time.process_time(), time.perf_counter()
    work()
    seconds = time.perf_counter() - wall
    spent = time.process_time() - processor
    memory = {"peak": _memory("VmHWM"), "private": _memory("RssAnon")}
    return {"seconds": seconds, "processor": spent, "units": units, **memory}


def _memory(field: str) -> int | None:
    """A field of Linux's status of this process, in bytes; None where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def _take_output() -> TextIO:
    """Keep the pipe for answers alone: what a library prints goes to the log."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies
