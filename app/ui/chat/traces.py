"""The texts apart from an answer: its reasoning and its tool call, each made when first needed."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.domain.tokens import Channel
from app.ui.chat.token_text import TokenText
from app.ui.chat.trace import TracePanel
from app.ui.viewmodels import wording
from app.ui.viewmodels.figures import trace_title

NAMES = {Channel.REASONING: "Reasoning", Channel.TOOL: "Tool call"}


class Traces(QObject):
    """Most answers have none; `made` carries the Channel of a panel that there is now.

    `limit` is the most tokens that the thought may have, None for any number.
    """

    made = Signal(object)

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self.limit: int | None = None
        self._clock = clock
        self._thinking_since: float | None = None
        self._thought_s = 0.0
        self._panels: dict[Channel, TracePanel] = {}

    def __iter__(self) -> Iterator[TracePanel]:
        return iter(self._panels.values())

    def panel(self, channel: Channel) -> TracePanel:
        """The panel of this channel."""
        if channel not in self._panels:
            thought = channel is Channel.REASONING
            self._panels[channel] = TracePanel(TokenText(NAMES[channel]), cuttable=thought)
            self.made.emit(channel)
        return self._panels[channel]

    def known(self, channel: Channel) -> tuple[TracePanel, ...]:
        """The panel of this channel, if there is one."""
        return (self._panels[channel],) if channel in self._panels else ()

    def time(self, *, thinking: bool) -> None:
        """Count the seconds in the heading; the turn that ended tells the exact time."""
        now = self._clock()
        if thinking:
            self._thinking_since = self._thinking_since or now
            seconds = self._thought_s + now - self._thinking_since
            thought = self.panel(Channel.REASONING)
            thought.set_title(wording.thinking(seconds, thought.body.token_count, self.limit))
            thought.set_open_ended(True)
        elif self._thinking_since is not None:
            self._thought_s += now - self._thinking_since
            self._thinking_since = None
            thought = self.panel(Channel.REASONING)
            thought.set_open_ended(False)
            thought.set_title(wording.thought(self._thought_s, thought.body.token_count))

    def end(self, turn: Turn) -> None:
        """Show how long the thought of an answer that ended was."""
        for thought in self.known(Channel.REASONING):
            thought.set_open_ended(False)
            if thought.body.token_count:
                thought.set_title(trace_title(turn))

    @property
    def folded(self) -> frozenset[Channel]:
        """The channels whose text is folded away."""
        return frozenset(channel for channel, each in self._panels.items() if not each.is_open)

    def fold(self, channels: frozenset[Channel]) -> None:
        """Fold the texts of these channels away."""
        for channel, panel in self._panels.items():
            panel.open(channel not in channels)
