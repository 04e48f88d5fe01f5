"""Slows a stream of deltas down to what a screen can show, without losing any.

In: every `TurnGrew` as it comes. Out: `flushed`, at most 30 times a second, with one merged
`TurnGrew` for each run of text in the same channel. The first one passes at once.
"""

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.domain.conversation import TurnGrew
from app.domain.events import Delta

FLUSH_MS = 34


class Coalescer(QObject):
    """Gathers growth between two repaints."""

    flushed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: list[TurnGrew] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FLUSH_MS)
        self._timer.timeout.connect(self._tick)

    def add(self, growth: TurnGrew) -> None:
        """Take in growth; it is shown at the next flush."""
        self._waiting.append(growth)
        if not self._timer.isActive():
            self.flush()
            self._timer.start()

    def flush(self) -> None:
        """Hand on everything gathered so far."""
        waiting, self._waiting = self._waiting, []
        for growth in merged(waiting):
            self.flushed.emit(growth)

    def _tick(self) -> None:
        if self._waiting:
            self.flush()
        else:
            self._timer.stop()


def merged(growths: list[TurnGrew]) -> list[TurnGrew]:
    """The same growth with neighbours of one turn and channel joined."""
    runs: list[list[TurnGrew]] = []
    for growth in growths:
        if runs and _joins(runs[-1][-1], growth):
            runs[-1].append(growth)
        else:
            runs.append([growth])
    return [_joined(run) for run in runs]


def _joins(one: TurnGrew, following: TurnGrew) -> bool:
    same_turn = one.turn_id == following.turn_id
    return same_turn and one.delta.channel is following.delta.channel


def _joined(run: list[TurnGrew]) -> TurnGrew:
    text = "".join(growth.delta.text for growth in run)
    tokens = tuple(token for growth in run for token in growth.delta.tokens)
    return TurnGrew(run[0].turn_id, Delta(run[0].delta.channel, text, tokens))
