"""Text in, segments out: a state machine that tells reasoning, answer and tool calls apart.

Markers such as `<think>` are matched on text, since models write them as one token or as several.
What could still become a marker is held back until it is decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Self

from app.domain.tokens import Channel


class Skip(Enum):
    """What is dropped right after a marker: the line break that templates write there."""

    NOTHING = "nothing"
    LINE_BREAK = "one line break"
    WHITESPACE = "all whitespace"


@dataclass(frozen=True, slots=True)
class Marker:
    """`text`, met in channel `source`, switches to `target` and counts as part of `owner`."""

    text: str
    source: Channel
    target: Channel
    owner: Channel
    skip: Skip


Format = tuple[Marker, ...]

PLAIN: Format = ()

# A second <think> may follow an answer, or a <think> that the template has already written.
THINK: Format = (
    Marker("<think>", Channel.ANSWER, Channel.REASONING, Channel.REASONING, Skip.LINE_BREAK),
    Marker("<think>", Channel.REASONING, Channel.REASONING, Channel.REASONING, Skip.LINE_BREAK),
    Marker("</think>", Channel.REASONING, Channel.ANSWER, Channel.REASONING, Skip.WHITESPACE),
    Marker("<tool_call>", Channel.ANSWER, Channel.TOOL, Channel.TOOL, Skip.LINE_BREAK),
    Marker("</tool_call>", Channel.TOOL, Channel.ANSWER, Channel.TOOL, Skip.WHITESPACE),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text whose channel is decided; markers and what is dropped are not shown."""

    channel: Channel
    text: str
    shown: bool = True


class ChannelSplitter:
    """Splits a text at the markers of `format`, starting inside `channel`."""

    def __init__(
        self, format: Format, channel: Channel = Channel.ANSWER, skip: Skip = Skip.NOTHING
    ) -> None:
        self.channel = channel
        self._format = format
        self._skip = skip
        self._held = ""

    @classmethod
    def after(cls, prompt: str, format: Format) -> Self:
        """A splitter for what follows `prompt`, whose end may be a marker the template wrote."""
        text = prompt.rstrip()
        for marker in format:
            if text.endswith(marker.text):
                broken = marker.skip is Skip.LINE_BREAK and text != prompt
                return cls(format, marker.target, Skip.NOTHING if broken else marker.skip)
        return cls(format)

    def push(self, text: str) -> list[Segment]:
        """The segments that `text` decides."""
        self._held += text
        segments: list[Segment] = []
        while self._held:
            found = self._step()
            if not found:
                break
            segments += found
        return segments

    def flush(self) -> list[Segment]:
        """End the text: what was held back is text of the present channel."""
        rest, self._held = self._held, ""
        return [Segment(self.channel, rest)] if rest else []

    def _step(self) -> list[Segment]:
        """Decide as much of the held text as one rule can; nothing where it must wait."""
        dropped = self._drop()
        if dropped:
            return [Segment(self.channel, dropped, shown=False)]
        marker, start = self._earliest()
        if marker is None:
            return self._take(len(self._held) - partial_length(self._held, self._texts()))
        shown = self._take(start)
        self._held = self._held[len(marker.text) :]
        self.channel, self._skip = marker.target, marker.skip
        return [*shown, Segment(marker.owner, marker.text, shown=False)]

    def _drop(self) -> str:
        """Take off the front what the last marker says to drop."""
        skip = self._skip
        if skip is Skip.WHITESPACE:
            length = len(self._held) - len(self._held.lstrip())
        else:
            length = int(skip is Skip.LINE_BREAK and self._held.startswith("\n"))
        if skip is not Skip.WHITESPACE or length < len(self._held):
            self._skip = Skip.NOTHING
        dropped, self._held = self._held[:length], self._held[length:]
        return dropped

    def _earliest(self) -> tuple[Marker | None, int]:
        found = [
            (start, marker)
            for marker in self._format
            if marker.source is self.channel and (start := self._held.find(marker.text)) >= 0
        ]
        start, marker = min(found, key=lambda pair: pair[0], default=(0, None))
        return marker, start

    def _texts(self) -> Iterable[str]:
        return (marker.text for marker in self._format if marker.source is self.channel)

    def _take(self, length: int) -> list[Segment]:
        text, self._held = self._held[:length], self._held[length:]
        return [Segment(self.channel, text)] if text else []


def partial_length(text: str, wanted: Iterable[str]) -> int:
    """Length of the longest end of `text` that is the beginning of one of `wanted`."""
    return max((_overlap(text, word) for word in wanted), default=0)


def _overlap(text: str, word: str) -> int:
    lengths = range(min(len(text), len(word) - 1), 0, -1)
    return next((length for length in lengths if text.endswith(word[:length])), 0)
