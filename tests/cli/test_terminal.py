"""What a person sees: heat where there are colours, plain text elsewhere, nothing that steers."""

import re
import sys

import pytest

from tests.cli.program import ENDLESS, Program, token_id

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.cli.pseudo_terminal import PseudoTerminal

BACKGROUND = re.compile(r"\x1b\[[0-9;]*48;")
HOT = ("complete", "Hello", "--temperature", "3", "--max-tokens", "30", "--seed", "4", *ENDLESS)


@pytest.fixture(scope="module")
def plain(program: Program) -> str:
    """The same answer through a pipe."""
    result = program.run(*HOT)
    assert result.status == 0
    assert "tokens/s" in result.err
    assert "\x1b" not in result.out + result.err
    return result.out


def shown(program: Program, **changes: str) -> PseudoTerminal:
    with PseudoTerminal(program, *HOT, **changes) as terminal:
        assert terminal.finish() == 0
    return terminal


def test_a_terminal_with_colours_shows_the_heat_of_the_same_text(
    program: Program, plain: str
) -> None:
    terminal = shown(program)
    assert BACKGROUND.search(terminal.raw)
    assert plain in terminal.text.replace("\r\n", "\n")
    assert "confidence" in terminal.text


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_without_colours_shows_none(program: Program, changes: dict[str, str]) -> None:
    assert not BACKGROUND.search(shown(program, **changes).raw)


def test_control_characters_of_a_model_are_shown_not_obeyed(program: Program) -> None:
    escape = ("complete", "x", "--logit-bias", f"{token_id('ě')}=1000", "--max-tokens", "3")
    piped = program.run(*escape)
    assert piped.out == "␛␛␛\n"
    with PseudoTerminal(program, *escape, NO_COLOR="1", TERM="dumb") as terminal:
        assert terminal.finish() == 0
    assert terminal.raw.startswith("␛␛␛\r\n")
    assert "\x1b" not in terminal.raw
    answer = program.run(*escape, "--json").out
    assert answer.isascii()
    assert '"text": "\\u001b\\u001b\\u001b"' in answer


def test_errors_do_not_steer_the_terminal_either(program: Program) -> None:
    result = program.run("score", "no\x1b[2Jfile")
    assert "no␛[2Jfile" in result.err
    assert "\x1b" not in result.err
