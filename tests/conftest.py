"""What every test gets: a home of its own, no display, and no excuse for noise.

A log line of WARNING or above fails the test unless it is marked `expects_log`, and so does a
thread that outlives it. Qt's own warnings fail tests through `qt_log_level_fail`.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyside6"

THREAD_GRACE_S = 3.0


def pytest_configure() -> None:
    """Side by side, each process keeps to one core: threads of two would wait for each other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", type=int, default=60, help="how many damaged folders to draw")


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty profile folder, so that no test sees a person's own."""
    folder = tmp_path / "profile"
    monkeypatch.setenv("CANDOR_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_unexpected_logs(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    noise = [record.getMessage() for record in records if record.levelno >= logging.WARNING]
    if noise and not request.node.get_closest_marker("expects_log"):
        pytest.fail("unexpected log lines:\n" + "\n".join(noise))


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_GRACE_S
    while (leaked := _left_over(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if leaked:
        pytest.fail("threads left over: " + ", ".join(thread.name for thread in leaked))


def _left_over(before: set[threading.Thread]) -> list[threading.Thread]:
    """Threads started since; Python's own wrapper objects for foreign threads never end."""
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]
