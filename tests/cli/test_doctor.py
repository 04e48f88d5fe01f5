"""`candor doctor`: a sound installation, and what it says of broken ones."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app import sandbox
from tests.cli.program import ROOT, Program


@pytest.fixture(scope="module")
def sound(program: Program) -> dict[str, Any]:
    return program.json("doctor")


def test_a_sound_installation(sound: dict[str, Any]) -> None:
    assert sound["ok"]
    assert sound["problems"] == []
    assert {"candor", "python", "onnxruntime", "numpy", "starlette", "uvicorn"} <= set(
        sound["versions"]
    )
    assert "CPUExecutionProvider" in sound["providers"]
    assert [device["provider"] for device in sound["devices"]] == ["cpu"]
    assert [pack["provider"] for pack in sound["packs"]] == ["cuda", "directml"]
    assert set(sound["model"]["nodes"]) == {"CPUExecutionProvider"}
    assert [folder["name"] for folder in sound["folders"]] == ["profile", "logs", "resources"]
    assert sound["system"]["telemetry"] == "off"
    closed = sandbox.CLOSED if sys.platform == "linux" else "open: "
    assert sound["system"]["worker's network"].startswith(closed)


def test_the_built_in_model_is_tried(sound: dict[str, Any]) -> None:
    assert 1 <= len(sound["model"]["greedy_ids"]) <= 5
    assert sound["model"]["greedy_text"]
    assert sound["model"]["context_length"] > 0


def test_a_program_without_its_model(program: Program, tmp_path: Path) -> None:
    """A copy of the program alone, so that nothing of this installation is touched."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    result = program.run("doctor", PYTHONPATH=str(tmp_path))
    assert result.status == 1
    assert "Problem: The program's own files are missing" in result.out
    assert "Problem: The built-in model does not run" in result.out
    assert "Everything works." not in result.out


@pytest.mark.skipif(os.name != "posix", reason="reads POSIX permissions")
def test_a_token_that_others_can_read(program: Program, tmp_path: Path) -> None:
    token = tmp_path / "api-token"
    token.write_text("0123456789abcdef")
    token.chmod(0o644)
    result = program.run("doctor", CANDOR_HOME=str(tmp_path))
    assert result.status == 1
    assert f"Problem: Other users can read the server's token in {token}." in result.out
    token.chmod(0o600)
    assert program.run("doctor", CANDOR_HOME=str(tmp_path)).status == 0


def test_a_profile_that_cannot_be_written(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    result = program.run("doctor", "--json", CANDOR_HOME=str(file / "profile"))
    found = json.loads(result.out)
    assert (result.status, found["ok"]) == (1, False)
    assert [problem["what"].split(" folder ")[0] for problem in found["problems"]] == [
        "Nothing can be saved in the profile",
        "Nothing can be saved in the logs",
    ]
    assert all(problem["next_step"] for problem in found["problems"])
