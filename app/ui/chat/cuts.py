"""What a model would have answered had it thought less: a line for each place of its trace.

In: glimpses, and the answer that it gave. Out: `asked`, for the selected token or along the trace.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from app.domain.conversation import Turn
from app.services.what_if import Glimpse
from app.ui.viewmodels import cuts
from app.ui.widgets import button, label

EXPLANATION = "Cuts the reasoning after the selected token and takes the likeliest answer"
ALONG = "Does so at up to eight places of the reasoning"


class CutTable(QFrame):
    """`asked` carries the index of the token to cut behind, or None for places along the trace."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._selected: int | None = None
        self.here = button("Answer from here", self._ask_here, kind="quiet", keys=EXPLANATION)
        self.along = button("Along the trace", self._ask_along, kind="quiet", keys=ALONG)
        self.note = label(kind="muted", wrap=True)
        self.lines: list[QLabel] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._lay_out()
        self.select(None)

    def select(self, index: int | None) -> None:
        """Let the selected token of the trace be the one to cut behind."""
        self._selected = index
        self.here.setEnabled(index is not None)

    def show_note(self, note: str) -> None:
        """Say what is going on, or why there is nothing to show."""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_glimpses(self, glimpses: Sequence[Glimpse], answer: Turn) -> None:
        """A line for each, the shortest thought first, and the answer as it was given."""
        for old in self.lines:
            self._grid.removeWidget(old)
            old.deleteLater()
        self.lines = []
        rows = cuts.rows(glimpses, answer)
        for place, row in enumerate(rows):
            for column, text in enumerate((row.thought, row.answer, row.first)):
                self._add(text, place, column, kind="strong" if row.same else "muted")
            self.lines[-2].setToolTip(row.whole)
        self.show_note(cuts.summary(rows))

    def _add(self, text: str, row: int, column: int, kind: str) -> None:
        made = label(text, kind=kind if column == 1 else "muted")
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(made, row, column)
        self.lines.append(made)

    def _ask_here(self) -> None:
        if self._selected is not None:
            self.asked.emit(self._selected)

    def _ask_along(self) -> None:
        self.asked.emit(None)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("Had it thought less", kind="muted"))
        head.addStretch(1)
        for part in (self.here, self.along):
            head.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addLayout(self._grid)
        layout.addWidget(self.note)
        self.show_note("")
