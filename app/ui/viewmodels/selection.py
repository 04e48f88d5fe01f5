"""Which token the person looks at: picked by a click, moved by the arrow keys or to a landmark."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.domain.tokens import TokenRecord
from app.ui.viewmodels.landmarks import Landmark, seek


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

    @property
    def tokens(self) -> Sequence[TokenRecord]:
        """All tokens of the answer that the selected one is in."""
        wanted = self.current.turn_id if self.current else None
        return next((turn.tokens for turn in self._turns() if turn.id == wanted), ())

    def pick(self, turn_id: int, index: int) -> None:
        """Select token `index` of an answer; an index outside it goes to its nearest end."""
        tokens = next((turn.tokens for turn in self._turns() if turn.id == turn_id), ())
        if tokens:
            index = min(max(index, 0), len(tokens) - 1)
            self._set(Selected(turn_id, index, len(tokens), tokens[index]))

    def pick_beside(self, index: int) -> None:
        """Select another token of the same answer."""
        if self.current:
            self.pick(self.current.turn_id, index)

    def step(self, by: int) -> None:
        """Move to a neighbour within the same answer."""
        if self.current:
            self.pick_beside(self.current.index + by)

    def seek(self, kind: Landmark, by: int) -> None:
        """Move to the next (1) or previous (-1) token of a kind in the chat, if there is one."""
        here = (self.current.turn_id, self.current.index) if self.current else None
        found = seek(kind, self._turns(), here, by)
        if found is not None:
            self.pick(*found)

    def clear(self) -> None:
        """Select nothing."""
        self._set(None)

    def _set(self, selected: Selected | None) -> None:
        self.current = selected
        self.changed.emit(selected)
