"""The screen for tests with real keys: installed where it can be, else done without."""

import os
import sys
from pathlib import Path

import pytest
from devenv import desktop
from devenv.progress import Progress

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux packages")


class Root:
    """Root on a Debian that has none of the programs; its apt-get ends with `status`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
        self.calls = folder / "calls"
        self.calls.touch()
        self.tried, self.log = folder / "tried", folder / "log"
        apt = folder / "apt-get"
        apt.write_text(f'#!/bin/sh\necho "$@" >> {self.calls}\nexit {status}\n')
        apt.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(os, "geteuid", lambda: 0)

    def install(self) -> list[str]:
        desktop.install_what_can_be(self.tried, self.log, Progress())
        return self.calls.read_text().splitlines()


def test_what_is_missing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Root(tmp_path, monkeypatch, 0)
    update, install = root.install()
    assert update.endswith(" update")
    assert " install -y --no-install-recommends " in install
    for package in desktop.PROGRAMS.values():
        assert package in install
    assert not root.tried.exists()


def test_what_cannot_be_installed_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Root(tmp_path, monkeypatch, 100)
    assert len(root.install()) == 2
    assert root.tried.exists()
    assert len(root.install()) == 2


def test_others_than_root_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Root(tmp_path, monkeypatch, 0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert root.install() == []
