"""Which token the person looks at: picked by a click, moved by the arrow keys."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.domain.tokens import TokenRecord


class Selected(Struct, frozen=True):
    """Token `index` of the `count` tokens that the answer `turn_id` was generated as."""

    turn_id: int
    index: int
    count: int
    token: TokenRecord


class TokenSelection(QObject):
    """At most one selected token; `changed` carries it, or None."""

    changed = Signal(object)

    def __init__(self, turns: Callable[[], Sequence[Turn]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._turns = turns
        self.current: Selected | None = None

    def pick(self, turn_id: int, index: int) -> None:
        """Select token `index` of an answer; an index outside it goes to its nearest end."""
        tokens = next((turn.tokens for turn in self._turns() if turn.id == turn_id), ())
        if tokens:
            index = min(max(index, 0), len(tokens) - 1)
            self._set(Selected(turn_id, index, len(tokens), tokens[index]))

    def step(self, by: int) -> None:
        """Move to a neighbour within the same answer."""
        if self.current:
            self.pick(self.current.turn_id, self.current.index + by)

    def clear(self) -> None:
        """Select nothing."""
        self._set(None)

    def _set(self, selected: Selected | None) -> None:
        self.current = selected
        self.changed.emit(selected)
