"""The parent's side: a persistent process for one system, asked one command at a time."""

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.benchmarks.comparison.samples import Sample
from tests.benchmarks.comparison.systems import System

_ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = _ROOT / "tests" / "benchmarks" / "peers"


MEMORY = ("peak", "private")
"""The most that a process ever had, and what of it is in no file, both in bytes."""


class Failed(Exception):
    """A system could not do what it was asked; the sentence is its own."""


class Process:
    """One system at work; `memory` is what its last answer said, its own words go to `log`."""

    def __init__(self, system: System, python: Path, model: Path, threads: int, log: Path) -> None:
        self.system = system
        self.memory: dict[str, int] = {}
        log.parent.mkdir(exist_ok=True)
        self._log = log.open("ab")
        options = json.dumps(system.options)
        self._child = subprocess.Popen(
            [str(python), str(SCRIPTS / system.script), str(model), str(threads), options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_variables(system, threads),
            text=True,
        )

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        """The answer to one command.

        Raises:
            Failed: the system refuses, or its process ended.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(json.dumps({"do": do, **command}) + "\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"its process ended with status {self._child.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def sample(self, do: str, **command: Any) -> Sample:
        """The time that one unit of a command took."""
        answer = self.ask(do, **command)
        self.memory = {name: answer[name] for name in MEMORY if answer[name] is not None}
        seconds = answer["seconds"]
        return Sample(seconds / answer["units"], answer["processor"] / seconds)

    def close(self) -> None:
        """End the process and wait for it."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with suppress(BrokenPipeError):  # it ended before it read all of its last command
            self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()
        self._log.close()


def _variables(system: System, threads: int) -> dict[str, str]:
    """Ours finds the program's source; everybody gets as many threads, and stays offline."""
    own = {"PYTHONPATH": str(_ROOT)} if system.environment is None else {}
    quiet = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    return {**os.environ, **quiet, **own, "OMP_NUM_THREADS": str(threads)}
