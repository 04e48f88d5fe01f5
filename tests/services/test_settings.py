"""Settings over restarts: kept, checked, put aside, and never in the way."""

import asyncio
import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.domain.heat import HeatMode, Palette, Reading
from app.domain.preparation import Precision
from app.domain.reasoning import Effort, ReasoningChoice
from app.domain.requests import Provider
from app.domain.routing import Routing, Rule
from app.domain.sampling import SamplingParams
from app.errors import CandorError, InvalidRequest
from app.services import settings as declared
from app.services.settings import (
    DECLARED,
    SERVER_PORT,
    SOON_S,
    THEME,
    ModelChoice,
    SamplingChoice,
    Setting,
    Settings,
    ThemeChoice,
)
from app.services.settings_file import LONGEST, SettingsFile

MODEL = ModelChoice("/models/one", "q4", Provider.CUDA, 1, Precision.EXACT)
OTHERS: dict[Setting[Any], object] = {
    THEME: ThemeChoice.DARK,
    declared.WINDOW: "AdnQywAD",
    declared.SIDEBAR: False,
    declared.HEAT_MODE: HeatMode.RANK,
    declared.PALETTE: Palette.VIOLET,
    declared.READING: Reading(numbers=True, over=2, by_sentence=True),
    declared.REASONING: ReasoningChoice(effort=Effort.OFF, budget=40),
    declared.ROUTING: Routing(
        rules=(Rule("large", matches="[0-9]", script="greek", tools=False),),
        threshold=0.5,
        large="/models/large",
    ),
    declared.SAMPLING: {
        "/models/one": SamplingChoice(
            params=SamplingParams(seed=2**63 - 1, temperature=0.3, logit_bias={4: -1.5}),
            neutral=True,
            max_tokens=9,
        )
    },
    declared.MODEL: MODEL,
    declared.RECENT_MODELS: (MODEL, ModelChoice("/models/two")),
    declared.SERVER_ON: True,
    SERVER_PORT: 8080,
}


@pytest.fixture
def path(profile: Path) -> Path:
    return profile / "settings.json"


def opened(path: Path) -> Settings:
    return Settings(SettingsFile(path))


def change(path: Path, values: dict[Setting[Any], Any]) -> Settings:
    """Choose values in one life of the program; what it had in its hands."""
    settings = opened(path)

    async def life() -> None:
        for setting, value in values.items():
            settings.set(setting, value)
        await settings.close()

    asyncio.run(life())
    return settings


def test_every_setting_comes_back(path: Path) -> None:
    assert set(OTHERS) == set(DECLARED)
    change(path, OTHERS)
    settings = opened(path)
    assert {setting: settings.get(setting) for setting in DECLARED} == OTHERS
    assert settings.troubles == []


def test_a_first_start_has_the_defaults_and_writes_nothing(path: Path) -> None:
    settings = change(path, {})
    assert all(settings.get(setting) == setting.default for setting in DECLARED)
    assert settings.troubles == []
    assert not path.exists()


def test_keys_are_told_apart(path: Path) -> None:
    assert len({setting.key for setting in DECLARED}) == len(DECLARED)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_only_its_owner_can_read_it_and_nothing_lies_beside_it(path: Path) -> None:
    change(path, OTHERS)
    path.chmod(0o644)
    change(path, {SERVER_PORT: 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_change_is_written_without_waiting_for_the_end(path: Path) -> None:
    async def life() -> None:
        settings = opened(path)
        settings.set(SERVER_PORT, 8080)
        deadline = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert opened(path).get(SERVER_PORT) == 8080
        await settings.close()

    asyncio.run(life())


def test_observers_hear_of_changes_only(path: Path) -> None:
    heard: list[ThemeChoice] = []

    async def life() -> None:
        settings = opened(path)
        settings.observe(THEME, heard.append)
        for choice in (ThemeChoice.SYSTEM, ThemeChoice.DARK, ThemeChoice.DARK):
            settings.set(THEME, choice)
        settings.set(SERVER_PORT, 2)
        await settings.close()

    asyncio.run(life())
    assert heard == [ThemeChoice.DARK]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"[1, 2]",
        b'{"theme": "dark"}',
        b'{"format": "1"}',
        b'{"format": 0}',
        b'{"format": 1, "theme": "da',
        b"\xff\xfe{}",
        b'{"format": 1, "a": ' + b"[" * 100_000,
        b'{"format": 1}' + b" " * LONGEST,
    ],
)
def test_a_damaged_file_is_put_aside_and_said(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    settings = change(path, {SERVER_PORT: 8080})
    (aside,) = path.parent.glob("settings-damaged-*.json")
    assert aside.read_bytes() == content
    (trouble,) = settings.troubles
    assert trouble.message == "The file with your settings was damaged. They begin anew."
    assert str(aside) in trouble.hint
    assert opened(path).get(SERVER_PORT) == 8080


def test_a_file_of_a_newer_candor_is_put_aside_whole(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"format": 2, "theme": "dark"}')
    settings = change(path, {SERVER_PORT: 8080})
    (aside,) = path.parent.glob("settings-newer-*.json")
    assert aside.read_text() == '{"format": 2, "theme": "dark"}'
    assert "newer" in settings.troubles[0].message
    assert settings.get(THEME) is ThemeChoice.SYSTEM


def test_keys_that_are_not_known_stay_as_they_are(path: Path) -> None:
    path.parent.mkdir()
    strange = {"format": 1, "telescope": {"lens": [1.5, None, "ü"]}, "server_port": 99}
    path.write_text(json.dumps(strange))
    change(path, {SERVER_PORT: 8080})
    assert json.loads(path.read_text()) == strange | {"server_port": 8080}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server_port", 70000),
        ("server_port", "1234"),
        ("theme", "purple"),
        ("sampling", {"/m": {"params": {"temperature": 99.0}}}),
        ("sampling", {"/m": {"params": {"temperature": 1.0}, "max_tokens": 0}}),
        ("model", {"path": 4}),
        ("show_chats", None),
    ],
)
def test_a_value_out_of_range_is_the_default_and_said(path: Path, key: str, value: object) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"format": 1, "server": True, key: value}))
    settings = opened(path)
    (setting,) = (each for each in DECLARED if each.key == key)
    assert settings.get(setting) == setting.default
    assert settings.get(declared.SERVER_ON) is True
    (trouble,) = settings.troubles
    assert setting.label in trouble.message


def test_what_is_out_of_range_cannot_be_chosen(path: Path) -> None:
    settings = opened(path)
    with pytest.raises(InvalidRequest, match="Port"):
        settings.set(SERVER_PORT, 70000)
    assert settings.get(SERVER_PORT) == SERVER_PORT.default


def test_a_full_disk_is_said_once_and_what_waits_is_kept_once_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(path, {SERVER_PORT: 8080})
    heard: list[CandorError] = []

    async def life() -> None:
        settings = opened(path)
        settings.on_failure(heard.append)
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", _full)
            for port in (1, 2):
                settings.set(SERVER_PORT, port)
                await asyncio.sleep(2 * SOON_S)
        assert settings.get(SERVER_PORT) == 2
        assert opened(path).get(SERVER_PORT) == 8080
        assert list(path.parent.iterdir()) == [path]
        await settings.close()

    asyncio.run(life())
    (trouble,) = heard
    assert "the disk is full" in trouble.message
    assert opened(path).get(SERVER_PORT) == 2


@pytest.mark.expects_log
def test_what_cannot_be_kept_at_the_end_is_in_the_log(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    change(path, {SERVER_PORT: 8080})
    assert "could not be kept" in caplog.text
    assert list(path.parent.iterdir()) == []


def _full(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.expects_log
def test_a_file_that_cannot_be_read_is_never_written_over(path: Path) -> None:
    path.mkdir(parents=True)  # for root, no rights keep a file from being read
    heard: list[CandorError] = []

    async def life() -> None:
        settings = opened(path)
        settings.on_failure(heard.append)
        assert "cannot be read" in settings.troubles[0].message
        settings.set(SERVER_PORT, 8080)
        await settings.close()

    asyncio.run(life())
    assert len(heard) == 1
    assert path.is_dir()


WRITER = """
import sys
from pathlib import Path
from app.services.settings_file import SettingsFile
from msgspec import Raw
file = SettingsFile(Path(sys.argv[1]))
while True:
    for value in (b"1", b"2"):
        file.write({"server_port": Raw(value), "padding": Raw(b'"' + b"x" * 20000 + b'"')})
        print(value, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_kill_in_the_middle_leaves_a_whole_file(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    for pause in (0.0, 0.01, 0.02):
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        settings = opened(path)
        assert settings.get(SERVER_PORT) in (1, 2)
        assert settings.troubles == []
