"""Text in, segments out: a state machine that tells reasoning, answer and tool calls apart.

Markers such as `<think>` are matched on text, since models write them as one token or as several.
What could still become a marker is held back until it is decided.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from app.domain.tokens import Channel

TAIL = 400
"""Characters at the end of a prompt in which a template may have begun the answer."""

LONGEST_HEADER = 120


class Skip(Enum):
    """What is dropped right after a marker: the line break that templates write there."""

    NOTHING = "nothing"
    LINE_BREAK = "one line break"
    WHITESPACE = "all whitespace"


@dataclass(frozen=True, slots=True)
class Header:
    """What stands between a marker and `until` names the channel of the text that follows.

    The first of `names` that it holds counts. A tool's name, which `shown` matches, is text.
    """

    until: str
    names: tuple[tuple[str, Channel], ...]
    shown: re.Pattern[str] | None = None

    def target(self, body: str) -> Channel | None:
        """The channel that `body` names."""
        return next((channel for name, channel in self.names if name in body), None)


@dataclass(frozen=True, slots=True)
class Marker:
    """`text`, met in channel `source`, switches to `target` and counts as part of `owner`.

    With a `header`, `target` and `owner` are for those that name no channel.
    """

    text: str
    source: Channel
    target: Channel
    owner: Channel
    skip: Skip = Skip.NOTHING
    header: Header | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """How a model writes thoughts and calls.

    `closing` is what ends a thought and begins the answer. `spelled` are control tokens that are
    part of a call's text.
    """

    markers: tuple[Marker, ...] = ()
    closing: str = ""
    spelled: tuple[str, ...] = ()

    def words(self) -> set[str]:
        """All that may be a control token of the vocabulary and counts as text."""
        untils = {each.header.until for each in self.markers if each.header}
        return {each.text for each in self.markers} | untils | {*self.spelled}

    def ends(self) -> list[str]:
        """The signs that end a thought."""
        return [each.text for each in self.markers if _ends_thought(each)]


PLAIN = Format()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text whose channel is decided; markers and what is dropped are not shown."""

    channel: Channel
    text: str
    shown: bool = True


class ChannelSplitter:
    """Splits a text at the markers of `format`, starting inside `channel`.

    `skip` is what is still to be dropped behind the last marker.
    """

    def __init__(self, format: Format, channel: Channel = Channel.ANSWER) -> None:
        self.channel = channel
        self.skip = Skip.NOTHING
        self._markers = format.markers
        self._held = ""
        self._foreign = 0

    @classmethod
    def after(cls, prompt: str, format: Format) -> Self:
        """A splitter for what follows `prompt`, at whose end the template may have written markers.

        They are those from which on the prompt shows nothing.
        """
        tail = prompt[-TAIL:]
        for start, marker in _found(tail, format.markers):
            splitter = cls(format, marker.source)
            segments = splitter.push(tail[start:])
            if not any(each.shown and each.text.strip() for each in segments):
                splitter._foreign = len(splitter._held)
                return splitter
        return cls(format)

    @property
    def held(self) -> str:
        """Text that may still become a marker."""
        return self._held

    def push(self, text: str) -> list[Segment]:
        """The segments that `text` decides."""
        self._held += text
        segments: list[Segment] = []
        while self._held:
            found = self._step()
            if not found:
                break
            segments += found
        return self._own(segments)

    def flush(self) -> list[Segment]:
        """End the text: what was held back is text of the present channel, but for a header."""
        marker, start = self._earliest()
        rest, self._held = self._held, ""
        headed = marker is not None and start == 0
        if headed and self._foreign and not _found(rest[self._foreign :], self._markers):
            headed = False  # the template began a header, and the model wrote none
        if marker is not None and headed:
            return self._own([Segment(marker.owner, rest, shown=False)])
        return self._own([Segment(self.channel, rest)] if rest else [])

    def _own(self, segments: list[Segment]) -> list[Segment]:
        """Without what the prompt began, which comes first."""
        while self._foreign and segments:
            first = segments[0]
            cut = min(self._foreign, len(first.text))
            self._foreign -= cut
            rest = replace(first, text=first.text[cut:])
            segments = [rest, *segments[1:]] if rest.text else segments[1:]
        return segments

    def _step(self) -> list[Segment]:
        """Decide as much of the held text as one rule can; nothing where it must wait."""
        dropped = self._drop()
        if dropped:
            return [Segment(self.channel, dropped, shown=False)]
        marker, start = self._earliest()
        if marker is None:
            return self._take(len(self._held) - partial_length(self._held, self._texts()))
        shown = self._take(start)
        if marker.header is not None:
            return [*shown, *self._read_header(marker, marker.header)]
        return [*shown, *self._pass(marker, len(marker.text), marker.target, marker.owner)]

    def _read_header(self, marker: Marker, header: Header) -> list[Segment]:
        """Pass a whole header; nothing while it may still come, the marker alone if it does not."""
        first = len(marker.text)
        last = first + LONGEST_HEADER
        end = self._held.find(header.until, first, last + len(header.until))
        if end < 0:
            if len(self._held) < last + len(header.until):
                return []
            return self._pass(marker, first, marker.target, marker.owner)
        body = self._held[first:end]
        target = header.target(body) or marker.target
        name = header.shown.search(body) if header.shown and target is Channel.TOOL else None
        if name is None:
            return self._pass(marker, end + len(header.until), target, target)
        before = self._pass(marker, first + name.start(), target, target)
        shown = self._take(len(name[0]))
        return [
            *before,
            *shown,
            *self._pass(marker, end - first - name.end() + len(header.until), target, target),
        ]

    def _pass(self, marker: Marker, length: int, target: Channel, owner: Channel) -> list[Segment]:
        """Leave `length` characters out and go on in another channel."""
        text, self._held = self._held[:length], self._held[length:]
        self.channel, self.skip = target, marker.skip
        return [Segment(owner, text, shown=False)]

    def _drop(self) -> str:
        """Take off the front what the last marker says to drop."""
        skip = self.skip
        if skip is Skip.WHITESPACE:
            length = len(self._held) - len(self._held.lstrip())
        else:
            length = int(skip is Skip.LINE_BREAK and self._held.startswith("\n"))
        if skip is not Skip.WHITESPACE or length < len(self._held):
            self.skip = Skip.NOTHING
        dropped, self._held = self._held[:length], self._held[length:]
        return dropped

    def _earliest(self) -> tuple[Marker | None, int]:
        found = [
            (start, marker)
            for marker in self._markers
            if marker.source is self.channel and (start := self._held.find(marker.text)) >= 0
        ]
        start, marker = min(found, key=lambda pair: pair[0], default=(0, None))
        return marker, start

    def _texts(self) -> Iterable[str]:
        return (marker.text for marker in self._markers if marker.source is self.channel)

    def _take(self, length: int) -> list[Segment]:
        text, self._held = self._held[:length], self._held[length:]
        return [Segment(self.channel, text)] if text else []


def _ends_thought(marker: Marker) -> bool:
    return (
        marker.source is Channel.REASONING and marker.target is Channel.ANSWER and not marker.header
    )


def _found(text: str, markers: Sequence[Marker]) -> list[tuple[int, Marker]]:
    """All markers that `text` holds, with their places, the first one first."""
    found = [
        (match.start(), marker)
        for marker in markers
        for match in re.finditer(re.escape(marker.text), text)
    ]
    return sorted(found, key=lambda pair: pair[0])


def partial_length(text: str, wanted: Iterable[str]) -> int:
    """Length of the longest end of `text` that is the beginning of one of `wanted`."""
    return max((_overlap(text, word) for word in wanted), default=0)


def _overlap(text: str, word: str) -> int:
    lengths = range(min(len(text), len(word) - 1), 0, -1)
    return next((length for length in lengths if text.endswith(word[:length])), 0)
