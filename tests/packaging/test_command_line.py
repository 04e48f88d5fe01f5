"""The command line of `packaging/dev.py`: verbs, help, and a Python that is too old or too new."""

import ast
import subprocess
import sys
from pathlib import Path

import dev
import pytest
from devenv import commands

SCRIPT = Path(dev.__file__)
AS_PYTHON_3_9 = (
    "import runpy, sys; sys.version_info = (3, 9, 18, 'final', 0);"
    "sys.modules['devenv'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 14, 9)])
def test_supported_pythons_pass(version: tuple[int, ...]) -> None:
    assert dev.wrong_python(version) is None


@pytest.mark.parametrize(("version", "name"), [((2, 7, 18), "2.7"), ((3, 15, 0), "3.15")])
def test_other_pythons_are_named(version: tuple[int, ...], name: str) -> None:
    assert dev.wrong_python(version) == f"Candor needs Python 3.11 to 3.14; this is {name}."


def test_a_wrong_python_ends_in_one_sentence() -> None:
    command = [sys.executable, "-c", AS_PYTHON_3_9, str(SCRIPT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == "Candor needs Python 3.11 to 3.14; this is 3.9.\n"


def test_old_pythons_can_read_the_script() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        assert function.returns is None
        assert not any(argument.annotation for argument in function.args.args)


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {verb} " in said for verb in commands.VERBS)


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_no_verb_or_a_wrong_one_is_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "run" in captured.err


def test_lock_without_uv_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commands.main(["lock"]) == 1
    assert capsys.readouterr().err == (
        "The lock file is written by uv. Install uv, then try again.\n"
    )
