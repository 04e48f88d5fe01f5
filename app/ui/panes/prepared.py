"""The row below a model's outlook: prepare it for this computer, or remove the copy of that."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.viewmodels.model_survey import Look
from app.ui.viewmodels.wording import size
from app.ui.widgets import button

PREPARE = (
    "Makes a copy that runs faster on this computer's processor, and measures how far its numbers"
    " are from the original's. It takes a few minutes and about twice the model's room on the disk;"
    " the model's own files stay as they are."
)
REMOVE = "Deletes the copy from the disk. The model then runs from its own files."


class PreparedRow(QWidget):
    """`asked` wants the model prepared, `dropped` its copies removed."""

    asked = Signal()
    dropped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.prepare = button("Prepare for this computer", self.asked.emit)
        self.remove = button("Remove the prepared copy", self.dropped.emit, kind="quiet")
        for each, meaning in ((self.prepare, PREPARE), (self.remove, REMOVE)):
            each.setToolTip(meaning)
            each.setAccessibleDescription(meaning)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.prepare)
        row.addStretch(1)
        row.addWidget(self.remove)

    def show_look(self, look: Look | None, *, on_cpu: bool, busy: bool) -> None:
        """Offer what can be done for a model; copies are for the CPU alone."""
        copies = look.copies if look else ()
        runs = look is not None and look.report is not None and look.report.runs
        self.prepare.setVisible(runs and on_cpu and not copies)
        self.remove.setVisible(bool(copies))
        taken = sum(each.bytes for each in copies)
        self.remove.setText(
            f"Remove the prepared {'copy' if len(copies) == 1 else 'copies'} ({size(taken)})"
        )
        self.setVisible(not busy and (bool(copies) or (runs and on_cpu)))
