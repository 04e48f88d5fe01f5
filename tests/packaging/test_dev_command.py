"""`packaging/dev.py` as a person meets it: set-up, hand-over, renewal and plain failures."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.packaging.checkout import Checkout, started

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Checkout, subprocess.CompletedProcess[str]]:
    """A checkout and the outcome of the first call in it."""
    checkout = Checkout(tmp_path_factory.mktemp("first") / "a folder")
    return checkout, checkout.call("run", "chat", "--json", "hello there")


@pytest.fixture
def checkout(first: tuple[Checkout, object]) -> Iterator[Checkout]:
    """The finished checkout, put back as it was afterwards."""
    checkout = first[0]
    lock, stamp = checkout.lock.read_text(), checkout.stamp.read_text()
    yield checkout
    checkout.lock.write_text(lock)
    checkout.stamp.write_text(stamp)


def sentences(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What the person reads once the steps are over."""
    assert "Traceback" not in result.stderr
    steps = ("Making", "Fetching", "Unpacking", "Installing", "Waiting")
    return [line for line in result.stderr.splitlines() if not line.startswith(steps)]


def test_the_first_call_installs_shows_progress_and_hands_over(
    first: tuple[Checkout, subprocess.CompletedProcess[str]],
) -> None:
    result = first[1]
    program = started(result)
    assert program["arguments"] == ["chat", "--json", "hello there"]
    assert program["pebble"] == "1.0"
    assert program["folder"] == str(Path.cwd())
    steps = dict.fromkeys(line.split(":")[0] for line in result.stderr.splitlines())
    assert list(steps) == [
        "Making .venv",
        "Fetching packages",
        "Unpacking packages",
        "Installing Candor",
    ]


def test_a_second_call_adds_under_a_second(checkout: Checkout) -> None:
    python = checkout.root / ".venv" / "bin" / "python"
    bare = fastest(lambda: subprocess.run([python, "-P", "-m", "app"], stdout=subprocess.DEVNULL))
    assert fastest(lambda: checkout.call("run", "doctor")) - bare < 1.0
    result = checkout.call("run", "doctor")
    assert started(result)["arguments"] == ["doctor"]
    assert result.stderr == ""


def fastest(action: Callable[[], object]) -> float:
    """The least processor seconds of three runs, so that a busy machine does not decide."""

    def computed() -> float:
        times = os.times()
        return times.children_user + times.children_system

    def seconds() -> float:
        began = computed()
        action()
        return computed() - began

    return min(seconds() for _ in range(3))


def test_the_exit_status_is_the_programs(checkout: Checkout) -> None:
    assert checkout.call("run", "fail").returncode == 7


def test_everything_after_run_is_the_programs(checkout: Checkout) -> None:
    assert started(checkout.call("run", "--help"))["arguments"] == ["--help"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are always there")
def test_without_a_display_the_chat_opens_in_the_terminal(checkout: Checkout) -> None:
    result = checkout.call("run", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert started(result)["arguments"] == ["chat"]
    assert sentences(result) == ["There is no display here, so the chat opens in this terminal."]


def test_a_changed_lock_is_installed_in_place(checkout: Checkout) -> None:
    made = (checkout.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    checkout.require("1.1")
    assert started(checkout.call("run", "chat"))["pebble"] == "1.1"
    checkout.require("1.0")
    assert started(checkout.call("run", "chat"))["pebble"] == "1.0"
    assert (checkout.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("retries", ["0", "1"])
def test_a_failed_download_is_one_sentence(checkout: Checkout, retries: str) -> None:
    checkout.lock.write_text(checkout.lock.read_text().replace("1.0", "9.0"))
    index = f"http://127.0.0.1:{closed_port()}/simple"
    result = checkout.call(
        "run", "chat", PIP_NO_INDEX="0", PIP_INDEX_URL=index, PIP_RETRIES=retries
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert sentences(result) == [
        "The packages could not be downloaded. Check the network connection, "
        "then give the same command again.",
        f"Details: {checkout.root / '.venv' / 'setup.log'}",
    ]
    assert index in (checkout.root / ".venv" / "setup.log").read_text()


def test_a_package_with_another_hash_is_refused(checkout: Checkout) -> None:
    checkout.require("1.2", digest="0" * 64)
    result = checkout.call("run", "chat")
    assert result.returncode == 1
    assert sentences(result)[0].startswith("A package that was offered is not the one")


@posix
def test_made_anew_for_another_python_killed_halfway_then_called_twice_at_once(
    checkout: Checkout,
) -> None:
    environment = checkout.root / ".venv"
    stamp = checkout.stamp.read_text()
    checkout.stamp.write_text(json.dumps({**json.loads(stamp), "python": "3.10"}))
    leftover = environment / "lib" / "leftover"
    leftover.touch()

    killed = checkout.start("run", "chat")
    wait_for(lambda: not leftover.exists() and (environment / "bin" / "python").exists())
    killed.kill()
    killed.communicate()
    assert not checkout.stamp.exists()

    both = [checkout.start("run", name) for name in ("one", "two")]
    ended = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert [json.loads(out)["arguments"] for out, _ in ended] == [["one"], ["two"]]
    assert sum("Making .venv" in err for _, err in ended) == 1
    assert checkout.stamp.read_text() == stamp


@posix
def test_ctrl_c_during_set_up_is_one_sentence(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    process = checkout.start("run", "chat")
    wait_for((checkout.root / ".venv" / "pyvenv.cfg").exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "Stopped. The same command takes it up again."
    assert "Traceback" not in err


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
