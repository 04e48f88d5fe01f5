"""How an answer appears on a terminal while it grows.

Standard output carries the answer and nothing else, so that it can be piped; a terminal also gets
the reasoning, apart and dimmed, and the heat. Where standard output is no terminal, reasoning and
tool calls go to standard error.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from app.cli import heat
from app.cli.visible import visible
from app.domain.events import Delta
from app.domain.tokens import Channel

_HEADINGS = {
    Channel.REASONING: "Reasoning",
    Channel.ANSWER: "Answer",
    Channel.TOOL: "Tool call",
}
_HEADING = Style(bold=True, dim=True)
_DIM = Style(dim=True)
_ASIDE = (Channel.REASONING, Channel.TOOL)
_NEWLINE = Segment("\n")


class Screen:
    """Writes deltas as they come.

    `ids` shows token ids in place of text, for a model that has no tokenizer.
    """

    def __init__(self, out: Console, err: Console, *, ids: bool = False) -> None:
        self._out = out
        self._err = err
        self._ids = ids
        self._channel: Channel | None = None
        self._line_open = False
        self._shown: dict[Channel, int] = dict.fromkeys(Channel, 0)

    def show(self, delta: Delta) -> None:
        """Write the text of one delta."""
        if not delta.text and not self._ids:
            return
        self._turn_to(delta.channel)
        self._write(self._console(delta.channel), self._segments(delta))
        self._shown[delta.channel] += len(delta.text)
        self._line_open = self._ids or not delta.text.endswith("\n")

    def end(self) -> None:
        """Finish the last line."""
        if self._channel is not None and self._line_open:
            self._line(self._console(self._channel))
        self._channel = None

    def _turn_to(self, channel: Channel) -> None:
        previous, self._channel = self._channel, channel
        if previous is channel:
            return
        if previous is not None and self._line_open:
            self._line(self._console(previous))
        if previous is not None and self._out.is_terminal:
            self._line(self._out)
        if channel in _ASIDE or (previous is not None and self._out.is_terminal):
            self._write(self._console(channel), [Segment(_HEADINGS[channel], _HEADING), _NEWLINE])

    def _console(self, channel: Channel) -> Console:
        return self._err if channel in _ASIDE and not self._out.is_terminal else self._out

    def _segments(self, delta: Delta) -> Iterator[Segment]:
        base = _DIM if delta.channel in _ASIDE else heat.CALM
        if self._ids:
            for token in delta.tokens:
                yield Segment(f"{token.id}", base + heat.style(heat.surprise([token])))
                yield Segment(" ")
            return
        for text, bits in heat.pieces(delta.text, self._shown[delta.channel], delta.tokens):
            yield from _lines(visible(text), base + heat.style(bits))

    def _line(self, console: Console) -> None:
        self._write(console, [_NEWLINE])

    def _write(self, console: Console, segments: Iterable[Segment]) -> None:
        console.print(Segments(segments), end="", soft_wrap=True)


def _lines(text: str, style: Style) -> Iterator[Segment]:
    """Newlines stay unstyled: a background would otherwise fill the rest of the line."""
    for number, line in enumerate(text.split("\n")):
        if number:
            yield _NEWLINE
        if line:
            yield Segment(line, style)
