"""Choices in, deltas out, for a text that has one channel, no markers and no stop strings.

The same as `Transcript` gives for such a text, at a fraction of the cost, which scoring would feel.
"""

from collections import deque

from app.domain.events import Delta
from app.domain.tokens import Channel, TokenRecord
from app.engine.sampling.record import Choice, TokenBytes, record
from app.engine.text.textstream import Span, TextStream


class PlainTranscript:
    """The text of one sequence of `channel`, whose tokens `token_bytes` spells."""

    def __init__(self, channel: Channel, token_bytes: TokenBytes) -> None:
        self._channel = channel
        self._token_bytes = token_bytes
        self._stream = TextStream()
        self._waiting: deque[tuple[Choice, Span]] = deque()
        self._text = ""
        self._begin = 0
        self._given = 0
        self._tokens: list[TokenRecord] = []

    def push(self, choice: Choice) -> None:
        """Append a token."""
        text, span = self._stream.push(self._token_bytes(choice.token))
        self._text += text
        self._waiting.append((choice, span))
        self._give()

    def close(self) -> None:
        """End the text: a character that never got all its bytes is decided."""
        self._text += self._stream.flush()
        self._give()

    def take(self) -> list[Delta]:
        """What was decided since the last call."""
        if not self._tokens:
            return []
        length = self._given - self._begin
        text, self._text = self._text[:length], self._text[length:]
        tokens, self._tokens = tuple(self._tokens), []
        self._begin = self._given
        return [Delta(self._channel, text, tokens)]

    def _give(self) -> None:
        decided = self._begin + len(self._text)
        while self._waiting and self._waiting[0][1].end <= decided:
            choice, span = self._waiting.popleft()
            self._tokens.append(record(choice, span, self._channel, self._token_bytes))
            self._given = max(self._given, span.end)
