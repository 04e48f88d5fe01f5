"""An answer as it grows: what goes to which stream, how channels stand apart, where lines end."""

import io
import math

import pytest
from rich.console import Console

from app.cli.screen import Screen
from app.domain.events import Delta
from app.domain.tokens import Channel, Source, TokenRecord


class Streams:
    """Both ends of a screen, either as terminals with colours or as files."""

    def __init__(self, *, terminal: bool, ids: bool = False) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self.screen = Screen(
            *(_console(file, terminal) for file in (self._out, self._err)), ids=ids
        )

    def show(self, channel: Channel, start: int, *words: str, probability: float = 1.0) -> None:
        """Show a delta of tokens, the first of which starts at `start` of its channel."""
        tokens, place = [], start
        for word in words:
            tokens.append(_token(channel, word, place, math.log(probability)))
            place += len(word)
        self.screen.show(Delta(channel, "".join(words), tuple(tokens)))

    @property
    def out(self) -> str:
        return self._out.getvalue()

    @property
    def err(self) -> str:
        return self._err.getvalue()


def _console(file: io.StringIO, terminal: bool) -> Console:
    return Console(
        file=file,
        force_terminal=terminal,
        color_system="256" if terminal else None,
        highlight=False,
        width=20,
    )


def _token(channel: Channel, word: str, start: int, logprob: float) -> TokenRecord:
    return TokenRecord(
        len(word), word.encode(), start, start + len(word), logprob, None, 1, 0.0, (), 0.0,
        channel, Source.SAMPLED,
    )  # fmt: skip


def think_and_answer(streams: Streams) -> None:
    streams.show(Channel.REASONING, 0, "4", "+", "4")
    streams.show(Channel.REASONING, 3, "\n")
    streams.show(Channel.ANSWER, 0, "eight, ")
    streams.show(Channel.ANSWER, 7, "a very long line that no terminal may break\tby itself")
    streams.screen.end()


def test_a_pipe_gets_the_answer_alone_and_as_it_is() -> None:
    streams = Streams(terminal=False)
    think_and_answer(streams)
    assert streams.out == "eight, a very long line that no terminal may break\tby itself\n"
    assert streams.err == "Reasoning\n4+4\n"


def test_a_terminal_gets_all_of_it_under_headings() -> None:
    streams = Streams(terminal=True)
    think_and_answer(streams)
    assert streams.err == ""
    assert streams.out == (
        "\x1b[1;2mReasoning\x1b[0m\n\x1b[2m4\x1b[0m\x1b[2m+\x1b[0m\x1b[2m4\x1b[0m\n"
        "\n\x1b[1;2mAnswer\x1b[0m\n"
        "eight, a very long line that no terminal may break\tby itself\n"
    )


def test_an_answer_alone_has_no_heading() -> None:
    streams = Streams(terminal=True)
    streams.show(Channel.ANSWER, 0, "yes")
    streams.screen.end()
    assert streams.out == "yes\n"


def test_a_tool_call_stands_apart() -> None:
    streams = Streams(terminal=False)
    streams.show(Channel.TOOL, 0, "{}")
    streams.screen.end()
    assert (streams.out, streams.err) == ("", "Tool call\n{}\n")


def test_a_background_ends_with_its_token_and_never_covers_a_newline() -> None:
    streams = Streams(terminal=True)
    streams.show(Channel.ANSWER, 0, "a\nb", probability=2**-7)
    assert streams.out == "\x1b[38;5;234;48;5;202ma\x1b[0m\n\x1b[38;5;234;48;5;202mb\x1b[0m"


def test_escape_sequences_of_a_token_are_shown() -> None:
    streams = Streams(terminal=True)
    streams.show(Channel.ANSWER, 0, "\x1b[2J")
    assert streams.out == "␛[2J"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_model_without_tokenizer_shows_ids(terminal: bool) -> None:
    streams = Streams(terminal=terminal, ids=True)
    streams.show(Channel.ANSWER, 0, "", "")
    streams.screen.end()
    assert streams.out == "0 0 \n"
