"""Where drafts come from: a choice of a few, and any folder of a draft model."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.domain.drafting import Drafting, DraftKind
from app.ui.choice import Choice
from app.ui.file_dialogs import ask_for_folder
from app.ui.widgets import label

NAME = "Drafts"
EXPLANATION = (
    "Proposes several tokens and checks them in one run of the model. The answer stays the same,"
    " only its speed changes. Automatic takes the draft model beside the model, or looks up what"
    " followed the same words before."
)
FOLDER = "Folder…"
_OFFERED = (
    ("Off", Drafting()),
    ("Automatic", Drafting(kind=DraftKind.AUTO)),
    ("Look up in the text", Drafting(kind=DraftKind.LOOKUP)),
)
_NAME_WIDTH = 96


class DraftChoice(QWidget):
    """`chosen` carries the Drafting that a person chose."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._value = Drafting()
        self.field = Choice(NAME)
        self.field.setAccessibleDescription(EXPLANATION)
        self.field.activated.connect(self._take)
        self.setToolTip(EXPLANATION)
        name = label(NAME)
        name.setMinimumWidth(_NAME_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(name)
        row.addWidget(self.field, 1)
        self.show_value(self._value)

    def show_value(self, value: Drafting) -> None:
        """Show a value without telling it back."""
        self._value = value
        named: list[tuple[str, object]] = [*_OFFERED]
        if value.path is not None:
            named.append((Path(value.path).name, value))
        self.field.show_values([*named, (FOLDER, None)], value)

    def choose_folder(self, path: str) -> None:
        """Draft by the model in this folder."""
        self.chosen.emit(Drafting(kind=DraftKind.MODEL, path=path))

    def _take(self) -> None:
        value = self.field.value()
        if isinstance(value, Drafting):
            self.chosen.emit(value)
            return
        self.show_value(self._value)
        ask_for_folder(self, "Open a draft model's folder", self.choose_folder)
