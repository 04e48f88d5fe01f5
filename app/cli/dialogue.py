"""A chat line by line: a person at the terminal on one side, the model on the other.

The history holds what both said; a question that got no answer leaves no trace in it.
"""

import contextlib
import re
from typing import Any

from app.cli import generation
from app.cli.prompts import chat_prompt
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.texts import require_utf8
from app.cli.transcript import Transcript
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.tokens import Channel
from app.errors import CandorError, ContextExceeded

COMMANDS = "/new starts over, /quit leaves, Ctrl+C stops an answer."
_COMMAND = re.compile(r"/[a-z]+")


class Dialogue:
    """The terminal's chat with a loaded model."""

    def __init__(
        self, terminal: Terminal, session: Session, info: ModelInfo, options: dict[str, Any]
    ) -> None:
        self._terminal = terminal
        self._session = session
        self._info = info
        self._options = options
        self._history: list[Message] = []

    def hold(self) -> None:
        """Ask and answer until the person leaves."""
        with contextlib.suppress(ImportError):  # Windows edits lines without it
            import readline  # noqa: F401
        self._terminal.note(f"{self._info.name}. {COMMANDS}")
        while (line := self._read()) is not None:
            if line == "/quit":
                return
            if line == "/new":
                self._history.clear()
                self._terminal.note("A new chat.")
            elif _COMMAND.fullmatch(line):
                self._terminal.note(f"There is no {line}. {COMMANDS}")
            elif line:
                self._ask(line)

    def _read(self) -> str | None:
        """The next line, empty where there is nothing to send; None at the end of input."""
        try:
            return require_utf8(input("> "), "The line").strip()
        except EOFError:
            self._terminal.note("")
            return None
        except KeyboardInterrupt:
            self._terminal.note("")
            self._terminal.note("/quit leaves.")
        except CandorError as error:
            self._terminal.complain(str(error))
        return ""

    def _ask(self, text: str) -> None:
        question = Message(role=Role.USER, content=text)
        transcript = Transcript()
        try:
            prompt = chat_prompt(self._info, [*self._history, question], self._options)
            asked = generation.request(self._info, prompt, self._options)
            generation.stream(
                self._terminal, self._session, self._info, asked, transcript, stoppable=True
            )
        except KeyboardInterrupt:
            self._terminal.note("Stopped.")
        except ContextExceeded as error:
            self._terminal.complain(f"{error.message} /new starts over.")
        except CandorError as error:
            self._terminal.complain(str(error))
        if answer := transcript.text():
            thought = transcript.text(Channel.REASONING)
            self._history += [
                question,
                Message(role=Role.ASSISTANT, content=answer, reasoning=thought),
            ]
