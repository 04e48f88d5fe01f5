"""A field that finds any token of the vocabulary by its text or id, and its probability here."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget

from app.domain.events import Replayed
from app.ui.panes.bars import Bars
from app.ui.theme.palette import Theme
from app.ui.viewmodels.alternatives import found_rows, matches
from app.ui.viewmodels.replay import Inspection
from app.ui.widgets import label

PAUSE_MS = 120
NAME = "Find any token"
EXPLANATION = "Text or number of a token. Case and outer spaces do not matter"


class TokenSearchField(QWidget):
    """`asked` carries what is looked for, a moment after it was typed; an empty text ends it."""

    asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(NAME)
        self.field.setAccessibleName(NAME)
        self.field.setAccessibleDescription(EXPLANATION)
        self.field.setToolTip(EXPLANATION)
        self.field.setClearButtonEnabled(True)
        for clear in self.field.findChildren(QToolButton):
            clear.setAccessibleName("End the search for a token")
        self.bars = Bars(theme, "Found tokens")
        self.told = label(kind="muted", wrap=True)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(lambda: self.asked.emit(self.field.text()))
        self.field.textChanged.connect(self._pause.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.field, self.bars, self.told):
            column.addWidget(part)
        self.show_inspection(Inspection())

    def show_inspection(self, shown: Inspection) -> None:
        """Show what was found at this position."""
        searched = bool(shown.searched) and shown.searched == self.field.text()
        if searched and shown.selected is not None and shown.replayed is not None:
            self.bars.show_rows(found_rows(shown.selected.token, shown.replayed))
            self.told.setText(_told(shown.replayed))
        self.bars.setVisible(searched and bool(shown.replayed and shown.replayed.found))
        self.told.setVisible(searched)


def _told(replayed: Replayed) -> str:
    """How many tokens match, and the rank of the best one."""
    best = f". The first has rank {replayed.found[0].rank:,}" if replayed.found else ""
    return f"{matches(replayed)}{best}"
