"""Every failure is one sentence on standard error and a status that scripts can rely on."""

import signal
import sys
from pathlib import Path

import pytest

from app.bootstrap import make_server
from app.cli.main import run
from app.domain.requests import Provider
from app.services.packs import Packs
from app.worker.client import WorkerClient
from tests.cli.program import PATIENCE_S, Program, Result, only_child
from tests.worker.harness import is_alive

USAGE = (
    (["chat", "hi", "--frobnicate"], "--frobnicate"),
    (["complete", "--ids", "1,x"], "'x' is not a token id"),
    (["complete", "--ids", "1,2", "and a text"], "not both"),
    (["chat", "hi", "--temperature", "nan"], "--temperature"),
    (["chat", "hi", "--logit-bias", "5"], "ID=VALUE"),
    (["score"], "FILE or --ids"),
    (["chat", "hi", "--max-tokens", "0"], "--max-tokens"),
    (["explain"], "explain"),
)


def is_one_sentence(result: Result) -> bool:
    line, _, rest = result.err.partition("\n")
    return result.out == "" and rest == "" and line.endswith(".") and line[0].isupper()


@pytest.mark.parametrize(("arguments", "named"), USAGE, ids=lambda value: str(value)[:40])
def test_a_command_that_cannot_be_understood(
    program: Program, arguments: list[str], named: str
) -> None:
    result = program.run(*arguments)
    assert result.status == 2
    assert named in result.err
    assert is_one_sentence(result)


@pytest.mark.parametrize(
    ("content", "named"),
    [(None, "No such file"), (b"\xff\xfe", "UTF-8")],
    ids=["none", "utf"],
)
def test_a_text_that_cannot_be_read(
    program: Program, tmp_path: Path, content: bytes | None, named: str
) -> None:
    file = tmp_path / "text"
    if content is not None:
        file.write_bytes(content)
    result = program.run("score", str(file))
    assert result.status == 1
    assert named in result.err
    assert str(file) in result.err
    assert is_one_sentence(result)


def test_an_empty_prompt(program: Program) -> None:
    result = program.run("chat", " ")
    assert result.status == 1
    assert result.err == "The prompt is empty. Ask something.\n"


def test_a_folder_that_is_no_model(program: Program, tmp_path: Path) -> None:
    result = program.run("chat", "hi", "--model", str(tmp_path), "--json")
    assert result.status == 1
    assert str(tmp_path) in result.err
    assert is_one_sentence(result)


def test_a_text_for_a_model_without_tokenizer(program: Program, bare_model: Path) -> None:
    result = program.run("complete", "hello", "--model", str(bare_model))
    assert result.status == 1
    assert "tokenizer" in result.err
    assert is_one_sentence(result)


def test_reasoning_of_a_model_that_does_not_reason(program: Program, bare_model: Path) -> None:
    for option in (("--reasoning", "low"), ("--reasoning-budget", "9")):
        result = program.run("chat", "hi", "--model", str(bare_model), *option)
        assert result.status == 1
        assert "does not reason" in result.err
        assert is_one_sentence(result)


def test_a_budget_that_cannot_be(program: Program) -> None:
    for budget, sentence in (("-1", "-1"), ("1000000", "1,000,000 tokens"), ("many", "many")):
        result = program.run("chat", "hi", "--reasoning-budget", budget)
        assert result.status in (1, 2)
        assert sentence in result.err
        assert is_one_sentence(result)


def test_fifty_megabytes_of_prompt(program: Program) -> None:
    result = program.run("chat", stdin=b"one more word " * 3_800_000)
    assert result.status == 1
    assert "tokens" in result.err
    assert is_one_sentence(result)


BLANK = b"text,label\n,a\n ,b\n"
UNUSABLE = [
    ("score", b"", "There is no text to score."),
    ("score", b"\x89PNG\0", "holds binary data, not text."),
    ("score", None, "is longer than 128 MB, which no model can read at once."),
    ("compare", b"\x89PNG\0", "holds binary data, not text."),
    ("compare", None, "is longer than 128 MB, which no model can read at once."),
    ("classify --labels a,b", b"", "The table has no rows."),
    ("classify --labels a,b", BLANK, "There is no text to label."),
    ("classify --labels a,b", b"\x89PNG\0", "holds binary data, not text."),
    ("classify --labels a,b", None, "is longer than 128 MB, which no model can read at once."),
    ("classify --labels a,a", BLANK, 'The label "a" is there twice.'),
    ("classify --labels a,", BLANK, "A label is empty."),
    ("classify --labels a,c", b"text,label\nx,b\n", "which is none of those asked for."),
    ("calibrate --labels a,b", b"", "The table has no rows."),
    ("calibrate --labels a,b", BLANK, "There is no text to label."),
    ("calibrate --labels a,b", b"\x89PNG\0", "holds binary data, not text."),
    ("calibrate --labels a,b", None, "is longer than 128 MB, which no model can read at once."),
    ("calibrate --labels a,a", BLANK, 'The label "a" is there twice.'),
    ("calibrate --labels a", BLANK, "Give 2 to 200 labels, not 1."),
    ("calibrate --labels a,b", b"text\nx\n", 'The table has no column "label"; it has text.'),
]


@pytest.mark.parametrize(("verb", "data", "sentence"), UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused_before_a_model_is_opened(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    verb: str,
    data: bytes | None,
    sentence: str,
) -> None:
    """Without data the file is 1 GB long."""
    path = tmp_path / "text"
    with path.open("wb") as file:
        file.truncate(2**30) if data is None else file.write(data)
    packs = Packs(tmp_path)
    name, *options = verb.split()
    assert run([name, str(path), *options], packs, lambda step: None, make_server) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.expects_log
def test_a_defect_is_named_and_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    class Broken(Packs):
        def client(self, provider: Provider) -> WorkerClient:
            raise ZeroDivisionError

    assert run(["chat", "hi"], Broken(tmp_path), lambda step: None, make_server) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("A defect in Candor: ZeroDivisionError.")
    assert "Traceback" not in shown.err
    assert caplog.records[-1].exc_info


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/zero")
def test_a_text_without_end(program: Program) -> None:
    result = program.run("score", "/dev/zero")
    assert result.status == 1
    assert "MB" in result.err
    assert is_one_sentence(result)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker through /proc")
def test_ctrl_c_ends_the_program_and_its_worker(
    program: Program, endless_chat: tuple[str, ...]
) -> None:
    running = program.start(*endless_chat, "Hello")
    assert running.stdout
    first, worker = running.stdout.read(1), only_child(running.pid)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert first
    assert running.returncode == 130
    assert err.strip() == b""
    assert not is_alive(worker)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
def test_a_reader_that_leaves_ends_the_program_quietly(
    program: Program, endless_chat: tuple[str, ...]
) -> None:
    running = program.start(*endless_chat, "Hello")
    assert running.stdout
    assert running.stderr
    running.stdout.read(1)
    running.stdout.close()
    assert running.wait(PATIENCE_S) == 1
    assert running.stderr.read() == b""
    running.stderr.close()
