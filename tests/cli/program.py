"""The real program as a person starts it: a process of its own, with a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from app import paths

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-P", "-m", "app"]
PATIENCE_S = 60


class Program:
    """Starts `candor` with `home` as its profile and nothing of the tester's terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "COLUMNS")
        }
        return kept | {"CANDOR_HOME": str(self.home), "TERM": "xterm-256color"} | changes

    def run(self, *arguments: str, stdin: bytes = b"", **changes: str) -> "Result":
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            env=self.environment(**changes),
            timeout=PATIENCE_S,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        """The one object that a successful `--json` run prints."""
        result = self.run(*arguments, "--json", stdin=stdin)
        assert result.err == ""
        assert result.status == 0
        return json.loads(result.out)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The running program, its output in pipes."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(),
        )


class Result:
    """How a run ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


def only_child(pid: int) -> int:
    """The process id of a process's one child, as Linux tells it."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def token_id(text: str) -> int:
    """The id of one of the built-in model's tokens, as its tokenizer file spells it."""
    tokenizer = json.loads((paths.built_in_model() / "tokenizer.json").read_text("utf-8"))
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    return (tokenizer["model"]["vocab"] | added)[text]


ENDLESS = tuple(f"--logit-bias={token_id(end)}=-1000" for end in ("<|im_end|>", "<|endoftext|>"))
"""Options that keep the built-in model from ending an answer by itself."""
