"""`candor selftest` from source: every step told, and failure where a part is missing."""

import re
import shutil
from pathlib import Path

from tests.cli.program import ROOT, Program

STEPS = [
    "Window opened, not shown",
    "Built-in model loaded in the worker",
    "5 tokens generated, each with its record",
    "Chat stored and read back",
    "Window and worker closed",
]
LINE = re.compile(r"([✓✗]) (.+) \((\d+\.\d\d) s\)")


def told(out: str) -> list[tuple[str, str]]:
    """The steps that `out` tells of: mark and name."""
    return [(found[1], found[2]) for line in out.splitlines() if (found := LINE.fullmatch(line))]


def test_every_step_is_told_with_its_time(program: Program) -> None:
    result = program.run("selftest", QT_QPA_PLATFORM="xcb", DISPLAY="", LC_ALL="C")
    assert result.err == ""
    assert told(result.out) == [("✓", name) for name in STEPS]
    assert result.out.splitlines()[-1] == "Everything works."
    assert result.status == 0


def test_a_program_without_its_model_fails_at_that_step(program: Program, tmp_path: Path) -> None:
    """A copy of the program, so that nothing of this installation is touched."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    leave = shutil.ignore_patterns("models")
    shutil.copytree(ROOT / "resources", tmp_path / "resources", ignore=leave)
    result = program.run("selftest", PYTHONPATH=str(tmp_path))
    assert told(result.out) == [("✓", STEPS[0]), ("✗", STEPS[1]), ("✓", STEPS[-1])]
    assert "Everything works." not in result.out
    assert len(result.err.splitlines()) == 1
    assert str(tmp_path) in result.err
    assert result.status == 1


def test_a_program_without_its_icon_fails(program: Program, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    leave = shutil.ignore_patterns("icons")
    shutil.copytree(ROOT / "resources", tmp_path / "resources", ignore=leave)
    result = program.run("selftest", PYTHONPATH=str(tmp_path))
    assert told(result.out)[0] == ("✗", STEPS[0])
    assert result.err.endswith("The program's icon cannot be drawn. Install Candor again.\n")
    assert result.status == 1
