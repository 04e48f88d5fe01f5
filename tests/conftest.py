"""What every test gets: a home of its own, no display, no real network settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyside6"


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty profile folder, so that no test sees a person's own."""
    folder = tmp_path / "profile"
    monkeypatch.setenv("CANDOR_HOME", str(folder))
    yield folder
