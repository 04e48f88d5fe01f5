"""Token bytes in, text out: incremental UTF-8 that never gives half a character.

Tokens are cut anywhere, also inside a character. Each token gets the span of code points that its
bytes belong to; tokens that share a character overlap in it.
"""

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Code points `start` to `end` (not included) of a text; empty where a token shows nothing."""

    start: int
    end: int


class TextStream:
    """Decodes bytes as they come; invalid ones become U+FFFD as in `bytes.decode`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._count = 0

    def push(self, data: bytes) -> tuple[str, Span]:
        """The characters that `data` completes, and its span in the whole text so far.

        The span reaches one past the text where the last character still lacks bytes.
        """
        if not data:
            return "", Span(self._count, self._count)
        if data.isascii() and not self._decoder.getstate()[0]:  # most tokens: a byte a character
            start, self._count = self._count, self._count + len(data)
            return data.decode("ascii"), Span(start, self._count)
        text, start = self._byte(data[:1])
        end = start + 1
        for position in range(1, len(data)):
            more, last = self._byte(data[position : position + 1])
            text += more
            end = last + 1
        return text, Span(start, end)

    def flush(self) -> str:
        """End the text: a character that never got all its bytes becomes U+FFFD."""
        text = self._decoder.decode(b"", final=True)
        self._count += len(text)
        return text

    def _byte(self, byte: bytes) -> tuple[str, int]:
        """The text that one byte completes and the index of the character it belongs to."""
        text = self._decoder.decode(byte)
        self._count += len(text)
        waiting = bool(self._decoder.getstate()[0])
        return text, self._count if waiting else self._count - 1
