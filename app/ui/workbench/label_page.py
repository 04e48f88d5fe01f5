"""What the pages that label texts share: the form, the table, and the row that runs it."""

from PySide6.QtWidgets import QPushButton, QWidget

from app.ui.file_dialogs import ask_for_file
from app.ui.viewmodels.labelling import LabelModel, LabelStatus
from app.ui.widgets import button
from app.ui.workbench.label_form import LabelForm
from app.ui.workbench.task_row import TaskRow

TABLES = ["Tables (*.csv)", "All files (*)"]


class LabelPage(QWidget):
    """Shows a LabelStatus; a page of this kind says how it begins and what came of it."""

    def __init__(
        self,
        model: LabelModel,
        form: LabelForm,
        name: str,
        *others: QWidget,
        last: QPushButton | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.form = form
        self.browse = button("Open a table…", self._browse)
        self.task = TaskRow(
            model, name, "Labelled so far", self.begin, self.browse, *others, last=last
        )
        self._table: object = None
        self.setFocusProxy(form.labels)

    def begin(self) -> None:
        """Do what the form asks for."""
        raise NotImplementedError

    def show_status(self, status: LabelStatus) -> None:
        """Show how far the labelling got."""
        self.task.show_status(status, _progress(status) or self.outcome(status))
        if status.table is not self._table:
            self._table = status.table
            self.form.show_table(status.table)

    def outcome(self, status: LabelStatus) -> str:
        """What there is, in a sentence."""
        return f"{status.name} has {len(status.table.rows):,} rows." if status.table else ""

    def _browse(self) -> None:
        ask_for_file(self, "Open a table", TABLES, self.model.open_table)


def _progress(status: LabelStatus) -> str:
    if status.working and status.total:
        return f"Labelled {status.done:,} of {status.total:,} texts"
    return ""
