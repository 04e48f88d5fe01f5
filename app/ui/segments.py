"""A choice of one among a few words, side by side: by mouse, or with the arrow keys."""

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout

from app.ui.widgets import button


class Segments(QFrame):
    """`chosen` carries the place, from 0, of the word that a person chose."""

    chosen = Signal(object)

    def __init__(self, name: str, words: Iterable[str], keys: str = "") -> None:
        """`name` begins each word's accessible name; `keys` has `{}` where its number goes."""
        super().__init__()
        self.setObjectName("segments")
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, word in enumerate(words):
            each = button(
                word,
                lambda place=place: self.chosen.emit(place),
                kind="segment",
                keys=keys.format(place + 1),
            )
            each.setCheckable(True)
            each.setAccessibleName(f"{name} {word.lower()}")
            each.setProperty("first", place == 0)
            self._group.addButton(each, place)
            row.addWidget(each)

    def explain(self, place: int, meaning: str) -> None:
        """Say what the word at this place means."""
        self._group.button(place).setToolTip(meaning)
        self._group.button(place).setAccessibleDescription(meaning)

    def set_possible(self, place: int, possible: bool) -> None:
        """Whether the word at this place can be chosen."""
        self._group.button(place).setEnabled(possible)

    def show_chosen(self, place: int) -> None:
        """Mark the word at this place, where the keyboard begins."""
        self._group.button(place).setChecked(True)
        self.setFocusProxy(self._group.button(place))
