"""The progress line, and pip's output turned into counts and plain sentences."""

import io
import os
import time
from pathlib import Path

import pytest
from devenv.pip import Counter, explain, requirements_in
from devenv.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_sees_the_start_and_then_a_line_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock)
    progress.start("Fetching packages")
    for second in range(1, 25):
        clock.now = 100.0 + second
        progress.detail(f"{second} of 30")
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "Fetching packages",
        "Fetching packages: 10 of 30, 10 s",
        "Fetching packages: 20 of 30, 20 s",
    ]


def test_a_terminal_sees_one_line_rewritten() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(stream, clock)
    progress.start("Fetching packages")
    clock.now += 3
    progress.detail("2 of 30")
    progress.finish()
    shown = stream.getvalue()
    assert shown.count("\n") == 1
    assert [part.strip() for part in shown.split("\r")][-1] == "Fetching packages: 2 of 30, 3 s"


def test_the_counter_reads_pip(tmp_path: Path) -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock)
    counter = Counter(4, tmp_path, progress)
    progress.start("Fetching packages")
    for line in ("Ignoring colorama: markers do not match\n", "Collecting click==8.5.1\n"):
        counter.line(line)
    clock.now += 20
    counter.line("  Downloading numpy-2.4.6-cp311-cp311-linux.whl (16.1 MB)\n")
    assert stream.getvalue().splitlines()[-1] == "Fetching packages: 1 of 3, numpy (16.1 MB), 20 s"

    counter.line("Installing collected packages: click, numpy, rich\n")
    old = tmp_path / "before-1.0.dist-info"
    old.mkdir()
    os.utime(old, (1, 1))
    fresh = tmp_path / "click-8.5.1.dist-info"
    fresh.mkdir()
    os.utime(fresh, (time.time() + 60, time.time() + 60))
    clock.now += 20
    counter.tick()
    assert stream.getvalue().splitlines()[-1] == "Unpacking packages: 1 of 3, 20 s"


def test_requirements_are_counted_once_each() -> None:
    lock = (
        'a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb==2 ; x == "y" \\\n    --hash\n'
    )
    assert requirements_in(lock) == 2


@pytest.mark.parametrize(
    ("output", "start"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "A package that was offered"),
        ("OSError: [Errno 28] No space left on device", "The disk is full."),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY", "The package index"),
        ("WARNING: Retrying (Retry(total=4", "The packages could not be downloaded."),
        ("ERROR: No matching distribution found for anyio==4", "The packages could not be"),
        (
            "Collecting anyio==4.16.0\nERROR: No matching distribution found for ruff==0.17.6",
            "There is no ruff==0.17.6 for this computer",
        ),
        ("Something else", "The packages could not be installed."),
    ],
)
def test_every_failure_has_a_sentence(output: str, start: str) -> None:
    assert explain(output).startswith(start)
