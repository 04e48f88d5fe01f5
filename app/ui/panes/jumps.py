"""Buttons that lead from one token worth a look to the next, each with its keys."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget

from app.domain.tokens import TokenRecord
from app.ui.viewmodels.landmarks import MEANINGS, Landmark, count
from app.ui.widgets import button

KEYS = {Landmark.UNCERTAIN: "F7", Landmark.FORK: "F8", Landmark.SURPRISE: "F9"}
MOST_COUNTED = 20_000
ROOM = 6


class Jumps(QWidget):
    """`asked` carries a Landmark and 1 for the next or -1, with Shift, for the one before."""

    asked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[Landmark, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(ROOM)
        for kind in Landmark:
            self.buttons[kind] = made = self._button(kind)
            row.addWidget(made)
        row.addStretch(1)
        self.show_tokens(())

    def bind_keys(self, window: QWidget) -> None:
        """Let the keys work wherever the keyboard is in `window`."""
        for kind, keys in KEYS.items():
            for by, pressed in ((1, keys), (-1, f"Shift+{keys}")):
                shortcut = QShortcut(QKeySequence(pressed), window)
                shortcut.activated.connect(partial(self.asked.emit, kind, by))

    def show_tokens(self, tokens: Sequence[TokenRecord]) -> None:
        """Say how many of each kind are among these, the tokens of one answer."""
        counted = 0 < len(tokens) <= MOST_COUNTED
        for kind, made in self.buttons.items():
            found = count(kind, tokens) if counted else 0
            made.setText(f"{kind.value} {found}" if counted else kind.value)
            said = f"{kind.value}, {found} in this answer" if counted else kind.value
            made.setAccessibleName(f"Next of {said}")

    def _button(self, kind: Landmark) -> QPushButton:
        keys = f"{KEYS[kind]}, back with Shift+{KEYS[kind]}"
        made = button(kind.value, partial(self._ask, kind), kind="chip")
        made.setToolTip(f"{MEANINGS[kind]}\nNext: {keys}")
        made.setAccessibleDescription(f"{MEANINGS[kind]}. {keys}")
        return made

    def _ask(self, kind: Landmark) -> None:
        back = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        self.asked.emit(kind, -1 if back else 1)
