"""Displays, Qt's system libraries and the line to type on each distribution."""

import os
import platform
import sys
from pathlib import Path

import pytest
from devenv import system
from devenv.errors import SetupError
from devenv.libraries import BASE, WAYLAND, XCB, Library
from devenv.progress import Progress

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux libraries")
ABSENT = Library("libcandor-absent.so.9", "for-apt", "for-dnf", "for-pacman", "for-zypper")
DISTRIBUTIONS = [
    ({"ID": "debian"}, "sudo apt-get install -y for-apt"),
    ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "sudo apt-get install -y for-apt"),
    ({"ID": "fedora"}, "sudo dnf install -y for-dnf"),
    ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "sudo dnf install -y for-dnf"),
    ({"ID": "arch"}, "sudo pacman -S --needed for-pacman"),
    ({"ID": "manjaro", "ID_LIKE": "arch"}, "sudo pacman -S --needed for-pacman"),
    ({"ID": "opensuse-tumbleweed"}, "sudo zypper install -y for-zypper"),
]


@pytest.mark.parametrize(
    ("environment", "system_name", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_has_display(environment: dict[str, str], system_name: str, expected: bool) -> None:
    assert system.has_display(environment, system_name) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DISPLAY": ":0"}, BASE + XCB),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, BASE + XCB),
        ({"WAYLAND_DISPLAY": "wayland-0"}, BASE + WAYLAND),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "wayland;xcb"}, BASE + WAYLAND),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, BASE),
    ],
)
def test_the_libraries_are_those_of_the_platform_plugin(
    environment: dict[str, str], expected: tuple[Library, ...]
) -> None:
    assert system.window_libraries(environment) == expected


def advice(distribution: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: distribution)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as raised:
        system.require_libraries([*BASE, ABSENT], tmp_path / "setup.log", Progress())
    return str(raised.value)


@linux
@pytest.mark.parametrize(("distribution", "line"), DISTRIBUTIONS)
def test_a_missing_library_ends_in_the_line_to_type(
    distribution: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = advice(distribution, monkeypatch, tmp_path)
    assert said.startswith("The window needs ")
    assert ABSENT.file in said
    assert said.splitlines()[-1].strip() == line


@linux
def test_an_unknown_distribution_is_told_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = advice({"ID": "alpine"}, monkeypatch, tmp_path)
    assert ABSENT.file in said
    assert "Install the packages that hold them" in said


def test_root_needs_no_sudo() -> None:
    assert system.install_line("dnf", ["glib2"], root=True) == "dnf install -y glib2"


@linux
def test_a_system_that_has_them_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    system.require_libraries([Library("libc.so.6", "", "", "", "")], log, Progress())
    assert not log.exists()
