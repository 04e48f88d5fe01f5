"""The chat line by line, as a person at a terminal has it."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.cli.program import Program

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.cli.pseudo_terminal import PseudoTerminal

PROMPT = "\n> "
DONE = "tokens/s"


@pytest.fixture
def endless(program: Program, endless_chat: tuple[str, ...]) -> Iterator[PseudoTerminal]:
    """A chat whose model never ends an answer by itself."""
    with PseudoTerminal(program, *endless_chat) as terminal:
        terminal.read_until(PROMPT)
        yield terminal


def test_it_answers_remembers_starts_over_and_leaves(program: Program) -> None:
    with PseudoTerminal(program, "chat", "--max-tokens", "8") as terminal:
        terminal.read_until(PROMPT)
        terminal.type("Hello\n")
        assert DONE in terminal.read_until(PROMPT)
        terminal.type("/new\n")
        assert "A new chat." in terminal.read_until(PROMPT)
        terminal.type("/frobnicate\n")
        assert "There is no /frobnicate." in terminal.read_until(PROMPT)
        terminal.type("\x04")
        assert terminal.finish() == 0


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(endless: PseudoTerminal) -> None:
    endless.type("Hello\n")
    endless.read_until("Hello\r\n")
    endless.read_until(" ")
    endless.press_ctrl_c()
    assert "· stopped\r\n" in endless.read_until(PROMPT)
    endless.press_ctrl_c()
    endless.type("\n")  # a signal that just missed Python's wait for keys is seen at the next
    endless.read_until("/quit leaves.")
    endless.type("/quit\n")
    assert endless.finish() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker through /proc")
def test_a_killed_worker_is_named_and_started_again(endless: PseudoTerminal) -> None:
    first = endless.worker()
    endless.type("Hello\n")
    endless.read_until("Hello\r\n")
    endless.read_until(" ")
    os.kill(first, signal.SIGKILL)
    assert "The worker process stopped" in endless.read_until(PROMPT)
    endless.type("Again\n")
    endless.read_until("Again\r\n")
    endless.read_until(" ")
    assert endless.worker() != first
    endless.press_ctrl_c()
    assert "· stopped\r\n" in endless.read_until(PROMPT)


def test_impatient_ctrl_c_ends_the_answer_not_the_chat(endless: PseudoTerminal) -> None:
    endless.type("Hello\n")
    endless.read_until("Hello\r\n")
    endless.read_until(" ")
    for _ in range(3):
        endless.press_ctrl_c()
    endless.read_until(PROMPT)
    endless.type("\nAgain\n")
    endless.read_until("Again\r\n")
    endless.read_until(" ")
    endless.press_ctrl_c()
    endless.read_until(PROMPT)
    endless.type("\n/quit\n")
    assert endless.finish() == 0
