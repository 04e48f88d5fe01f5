"""Log files: private, rotated, one line per message, and never what was written."""

import io
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import logs

SECRET = "canary-4711"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("app")
    handlers, levels = set(root.handlers), (root.level, ours.level)
    yield
    for handler in set(root.handlers) - handlers:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def test_the_file_is_private_and_in_the_profile(profile: Path) -> None:
    path = logs.configure("window")
    logging.getLogger("app.test").info("started")
    assert path == profile / "logs" / "window.log"
    assert "started" in path.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_is_made_before_there_is_something_to_say(profile: Path) -> None:
    logs.configure("window")
    assert not profile.exists()


def test_control_characters_cannot_forge_a_line(profile: Path) -> None:
    path = logs.configure("window")
    logging.getLogger("app.test").info("a\x1b[31m\r\nERROR forged\u202e")
    first, second = path.read_text().splitlines()
    assert "a\\x1b[31m\\r" in first
    assert second == "    ERROR forged\\u202e"


def test_the_file_is_rotated_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)
    path = logs.configure("window")
    for number in range(200):
        logging.getLogger("app.test").info("line %d", number)
    files = sorted(path.parent.iterdir())
    assert len(files) == logs.KEPT_FILES + 1
    assert all(file.stat().st_size <= 2000 for file in files)
    assert "line 199" in path.read_text()
    if os.name == "posix":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.expects_log
def test_an_exception_is_logged_without_its_message(profile: Path) -> None:
    path = logs.configure("window")
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        logging.getLogger("app.test").exception("It failed.")
    text = path.read_text()
    assert SECRET not in text
    assert "builtins.KeyError" in text
    assert "builtins.ValueError" in text
    assert "test_logs.py" in text


def test_what_the_system_says_is_kept() -> None:
    assert "No such file" in logs.outline(FileNotFoundError(2, "No such file"))


@pytest.mark.parametrize("blocked", [".", "logs"])
def test_a_file_in_the_logs_place_stops_nothing_and_is_named_once(
    profile: Path, capsys: pytest.CaptureFixture[str], blocked: str
) -> None:
    file = profile / blocked
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text("a file where the folder should be")
    logs.configure("window")
    for _ in range(2):
        logging.getLogger("app.test").info("hello")
    said = f"candor: The log cannot be written: {file} is a file, but the folder of the log"
    assert capsys.readouterr().err == f"{said} should be there. Move or rename that file.\n"


@pytest.mark.parametrize(
    ("line", "level"),
    [("ERROR app.worker: it failed", 40), ("Fatal Python error", 20), ("", 20), ("info", 20)],
)
def test_a_workers_line_keeps_its_level(line: str, level: int) -> None:
    assert logs.worker_level(line) == level


def test_a_worker_logs_to_its_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure_worker()
    logging.getLogger("app.test").info("a\x07")
    assert stream.getvalue() == "INFO app.test: a\\x07\n"
