"""`candor serve` as a person starts and ends it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.program import PATIENCE_S, Program, only_child
from tests.cli.test_failures import is_one_sentence
from tests.worker.harness import is_alive, wait_until

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


class Serving:
    """A started `candor serve` and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        self.process = process
        lines = [process.stdout.readline().decode().split() for _ in range(3)]
        assert [line[0] for line in lines] == ["Address", "Token", "Model"]
        self.url, self.token, self.model = (line[1] for line in lines)

    def models(self, token: str) -> tuple[int, list[str]]:
        status, said = self._ask("GET", "models", token)
        return status, [model["id"] for model in said.get("data", [])]

    def answer(self) -> int:
        """How many tokens a short answer has; waits for a worker that is coming back."""
        return self._usage(max_tokens=2)["completion_tokens"]

    def drafted(self, **more: Any) -> int | None:
        """How many drafted tokens of an answer were kept; None where nobody drafted."""
        details = self._usage(max_tokens=16, **more)["completion_tokens_details"]
        return details.get("accepted_prediction_tokens")

    def _usage(self, **more: Any) -> Any:
        question = {"role": "user", "content": "Hello"}
        asked = {"model": self.model, "messages": [question], **more}
        return self._ask("POST", "chat/completions", self.token, asked)[1]["usage"]

    def _ask(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, f"/v1/{path}", json.dumps(body), headers)
        response = connection.getresponse()
        said = json.loads(response.read())
        connection.close()
        return response.status, said


@contextmanager
def started(program: Program, *arguments: str) -> Iterator[Serving]:
    process = program.start("serve", "--port", "0", *arguments)
    try:
        yield Serving(process)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def test_it_prints_what_a_client_needs_and_touches_no_chat(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    with started(program) as serving:
        assert serving.models(serving.token) == (200, [serving.model])
        assert serving.models("another-token") == (401, [])
        assert {path.name for path in program.home.iterdir()} <= {"api-token", "logs"}


def test_the_token_stays_and_can_be_kept_elsewhere(program: Program, tmp_path: Path) -> None:
    elsewhere = tmp_path / "token"
    with started(program, "--token-file", str(elsewhere)) as first:
        assert elsewhere.read_text().strip() == first.token
    with started(program, "--token-file", str(elsewhere)) as second:
        assert second.token == first.token
        with started(program) as third:
            assert third.token != first.token


@posix
@pytest.mark.parametrize(
    ("number", "parallel", "said"),
    [
        (signal.SIGINT, "1", "One answer is written at a time, with a context of 2,048 tokens."),
        (signal.SIGTERM, "3", "Up to 3 answers are written at once, each with a context of 2,048"),
    ],
)
def test_it_says_how_many_answers_it_writes_at_once_and_a_signal_ends_it_cleanly(
    program: Program, number: signal.Signals, parallel: str, said: str
) -> None:
    with started(program, "--parallel", parallel) as serving:
        worker = only_child(serving.process.pid) if sys.platform == "linux" else None
        serving.process.send_signal(number)
        out, err = serving.process.communicate(timeout=PATIENCE_S)
        assert serving.process.returncode == 0
        assert out == b""
        assert err.decode().startswith(said)
        assert err.decode().endswith(" tokens.\nCtrl+C ends it.\n")
        assert worker is None or not is_alive(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker through /proc")
def test_a_lost_worker_is_told_and_replaced_until_it_is_hopeless(program: Program) -> None:
    with started(program) as serving:
        pid = serving.process.pid
        for _ in range(2):
            worker = only_child(pid)
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda lost=worker: has_other_child(pid, lost), PATIENCE_S)
            assert serving.answer() == 2
        os.kill(only_child(pid), signal.SIGKILL)
        _, err = serving.process.communicate(timeout=PATIENCE_S)
        told = err.decode().splitlines()
        assert serving.process.returncode == 1
        assert [line.endswith("It is started again.") for line in told[2:]] == [True, True, False]
        assert "third time within a minute" in told[-1]


def has_other_child(pid: int, lost: int) -> bool:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return len(children) == 1 and int(children[0]) != lost


def test_a_host_that_others_can_reach_is_refused(program: Program) -> None:
    result = program.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.status == 1
    assert "this computer only" in result.err
    assert is_one_sentence(result)


def test_a_taken_port_is_one_sentence(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = program.run("serve", "--port", str(port))
    assert result.status == 1
    assert f"Port {port} is taken" in result.err
    assert is_one_sentence(result)


def test_a_model_that_is_not_there(program: Program, tmp_path: Path) -> None:
    result = program.run("serve", "--port", "0", "--model", str(tmp_path))
    assert result.status == 1
    assert str(tmp_path) in result.err
    assert is_one_sentence(result)


def test_requests_draft_as_the_server_was_told(program: Program) -> None:
    with started(program, "--draft", "auto", "--draft-tokens", "2") as serving:
        assert serving.drafted()
        assert serving.drafted(draft="off") is None
        serving.process.terminate()
        _, err = serving.process.communicate(timeout=PATIENCE_S)
    assert "Drafts by candor-small-draft, where a request names none." in err.decode()


def test_a_draft_that_is_not_there_is_one_sentence(program: Program, tmp_path: Path) -> None:
    result = program.run("serve", "--port", "0", "--draft", str(tmp_path / "none"))
    assert result.status == 1
    assert "none" in result.err
    assert is_one_sentence(result)


def test_a_port_that_is_none(program: Program) -> None:
    assert program.run("serve", "--port", "70000").status == 2
