"""How a pack's worker is started from a frozen program, whose libraries are not the pack's."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from app.worker.process import worker_command
from tests.services.environments import make_environment
from tests.worker.harness import script, started

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such variable")


@posix
@pytest.mark.parametrize(("original", "seen"), [("/before", "/before"), (None, "None")])
def test_a_pack_does_not_get_the_frozen_programs_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, original: str | None, seen: str
) -> None:
    """PyInstaller sets the variable to its own folder and keeps what was there before."""
    interpreter = make_environment(tmp_path / "environment")
    told = tmp_path / "told"
    body = f"""
    open({str(told)!r}, "w").write(str(os.environ.get("LD_LIBRARY_PATH")))
    greet()
    sys.stdin.read()
    """
    command = [str(interpreter), *script(body)[1:]]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    if original:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", original)

    async def scenario() -> None:
        async with started(command):
            pass

    asyncio.run(scenario())
    assert told.read_text() == seen


def test_a_pack_takes_nothing_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder `app` that a variable or the working folder names must not run in its place."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('the wrong program')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    interpreter = make_environment(tmp_path / "environment")

    async def scenario() -> int | None:
        async with started(worker_command(str(interpreter))) as client:
            return client.pid

    assert asyncio.run(scenario())
