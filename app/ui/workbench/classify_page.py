"""Classifying: texts go in, labels with exact probabilities come out."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedLayout, QTableWidget, QTableWidgetItem

from app.domain.classification import Confusion
from app.ui.file_dialogs import ask_where_to_export
from app.ui.viewmodels import wording
from app.ui.viewmodels.labelling import LabelModel, LabelStatus
from app.ui.widgets import button, label
from app.ui.workbench.label_form import LabelForm
from app.ui.workbench.label_page import LabelPage
from app.ui.workbench.page import arrange, document, name_results

MEANING = (
    "The loaded model is asked for a label of each text. A label's probability is that of its whole"
    " string as the answer, shared among the labels so that they sum to 1. It is not the"
    " probability that the label is right; the Calibrate page measures how far apart these are."
)
COVERAGE = "The probability that the model answers with any of the labels at all"
KINDS = {"A table (*.csv)": "csv"}
PLACEHOLDER = "Write one text to label, or open a table with a column of texts."
MOST_SHOWN = 2000


class ClassifyPage(LabelPage):
    """Shows the labels of texts, and how they go with true ones."""

    def __init__(self, model: LabelModel) -> None:
        self.single = button("Write a text instead", model.close_table)
        self.export = button("Save the table…", self._save)
        form = LabelForm(for_calibration=False)
        super().__init__(model, form, "Classify", self.single, last=self.export)
        self._shown: tuple[object, object] = (None, None)
        self.edit = document("Text to label", PLACEHOLDER)
        self.rows = QTableWidget()
        self.matrix = QTableWidget()
        self.matrix_words = label(kind="muted", wrap=True)
        self._lay_out()
        model.changed.connect(self.show_status)
        self._show_matrix(None)
        self.show_status(model.value)

    def begin(self) -> None:
        """Label the open table, or the text."""
        self.model.classify(self.form.wish(), self.edit.toPlainText())

    def show_status(self, status: LabelStatus) -> None:
        """Show how far the labelling got, and what came of it."""
        super().show_status(status)
        self.export.setEnabled(bool(status.found) and not status.working)
        self.single.setVisible(status.table is not None)
        if (status.table, status.found) != self._shown:
            self._shown = (status.table, status.found)
            self._show_rows(status)
            self._show_matrix(status.confusion)

    def outcome(self, status: LabelStatus) -> str:
        """What there is, in a sentence."""
        if status.saved:
            return f"Saved as {status.saved}."
        if not status.found:
            return super().outcome(status)
        few = f" The first {MOST_SHOWN:,} are shown." if len(status.found) > MOST_SHOWN else ""
        return f"Labelled {len(status.found):,} texts.{few}"

    def _show_rows(self, status: LabelStatus) -> None:
        whole = status.found or status.table is not None
        self._pages.setCurrentWidget(self.rows if whole else self.edit)
        self.rows.setRowCount(0)
        if status.found:
            self._fill_found(status)
        elif status.table is not None:
            columns = status.table.columns
            self.rows.setColumnCount(len(columns))
            self.rows.setHorizontalHeaderLabels(list(columns))
            self.rows.setRowCount(min(len(status.table.rows), MOST_SHOWN))
            for row, values in enumerate(status.table.rows[:MOST_SHOWN]):
                for column, name in enumerate(columns):
                    self.rows.setItem(row, column, QTableWidgetItem(values[name]))

    def _fill_found(self, status: LabelStatus) -> None:
        truth = ["True label"] if status.truths else []
        heads = ["Text", *truth, "Label", "Confidence", "Coverage", *status.labels]
        self.rows.setColumnCount(len(heads))
        self.rows.setHorizontalHeaderLabels(heads)
        if (head := self.rows.horizontalHeaderItem(heads.index("Coverage"))) is not None:
            head.setToolTip(COVERAGE)
        self.rows.setRowCount(min(len(status.found), MOST_SHOWN))
        for row, found in enumerate(status.found[:MOST_SHOWN]):
            said = [" ".join(status.texts[row].split())]
            said += [status.truths[row]] if status.truths else []
            numbers = (found.confidence, found.coverage, *found.probabilities)
            cells = [*said, found.label or "none", *map(wording.probability, numbers)]
            for column, cell in enumerate(cells):
                self.rows.setItem(row, column, QTableWidgetItem(cell))
        self.rows.setColumnWidth(0, 260)

    def _show_matrix(self, found: Confusion | None) -> None:
        for part in (self.matrix, self.matrix_words):
            part.setVisible(found is not None)
        if found is None:
            return
        names = [*found.labels, "none"]
        self.matrix.setRowCount(len(found.labels))
        self.matrix.setColumnCount(len(names))
        self.matrix.setHorizontalHeaderLabels(names)
        self.matrix.setVerticalHeaderLabels(list(found.labels))
        for row, counts in enumerate(found.counts):
            for column, count in enumerate(counts):
                item = QTableWidgetItem(f"{count:,}")
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.matrix.setItem(row, column, item)
        self.matrix.resizeColumnsToContents()
        right = "—" if found.accuracy is None else f"{found.accuracy:.1%}"
        self.matrix_words.setText(
            f"Rows are true labels, columns what was found. {right} of those with a label are"
            f" right; {found.abstained:,} got none."
        )

    def _save(self) -> None:
        ask_where_to_export(self, "Save the table", "labelled", KINDS, self.model.save)

    def _lay_out(self) -> None:
        for table, name in ((self.rows, "Labelled texts"), (self.matrix, "Confusion matrix")):
            name_results(table, name)
            table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
            table.setCornerButtonEnabled(False)
            table.setTabKeyNavigation(False)
        self.rows.verticalHeader().hide()
        self._pages = QStackedLayout()
        self._pages.addWidget(self.edit)
        self._pages.addWidget(self.rows)
        side = (label(MEANING, kind="muted", wrap=True), self.matrix_words, self.matrix)
        arrange(self, (self.form, self.task), self._pages, side)
