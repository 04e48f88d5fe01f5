"""What Auto decided, as a person can decide otherwise: a button for each other step."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.ui.widgets import button

Steps = Sequence[tuple[str, str]]
"""The names of the steps of Auto, each with what is offered where another one answered."""


class OverruleRow(QWidget):
    """`overruled` carries the name of the step that shall answer instead."""

    overruled = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self._row.addStretch(1)
        self._known: tuple[Steps, str] = ((), "")
        self._can_ask = True
        self.buttons: list[QPushButton] = []
        self.hide()

    def show_steps(self, steps: Steps, answered: str) -> None:
        """Offer every step but the one that answered, or nothing where none of them did."""
        if (steps, answered) == self._known:
            return
        self._known = (steps, answered)
        for old in self.buttons:
            self._row.removeWidget(old)
            old.deleteLater()
        offered = [(name, words) for name, words in steps if answered and name != answered]
        self.buttons = [self._button(name, words) for name, words in offered]
        for place, each in enumerate(self.buttons):
            self._row.insertWidget(place, each)
        self.setVisible(bool(self.buttons))

    def set_enabled(self, enabled: bool) -> None:
        """Whether the model could answer now."""
        self._can_ask = enabled
        for each in self.buttons:
            each.setEnabled(enabled)

    def _button(self, name: str, words: str) -> QPushButton:
        made = button(words, lambda: self.overruled.emit(name))
        made.setEnabled(self._can_ask)
        return made
