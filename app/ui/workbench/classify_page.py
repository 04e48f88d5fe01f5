"""Classifying: texts go in, labels with exact probabilities come out."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.domain.classification import Confusion
from app.ui.viewmodels import wording
from app.ui.viewmodels.labelling import LabelModel, LabelStatus
from app.ui.widgets import button, label, line, name_scroll_bars, set_kind
from app.ui.workbench.file_dialogs import ask_for_file, ask_where_to_export
from app.ui.workbench.label_form import LabelForm

MEANING = (
    "The loaded model is asked for a label of each text. A label's probability is that of its whole"
    " string as the answer, shared among the labels so that they sum to 1. It is not the"
    " probability that the label is right; the Calibrate page measures how far apart these are."
)
COVERAGE = "The probability that the model answers with any of the labels at all"
TABLES = ["Tables (*.csv)", "All files (*)"]
KINDS = {"A table (*.csv)": "csv"}
PLACEHOLDER = "Write one text to label, or open a table with a column of texts."
MOST_SHOWN = 2000
SIDE_WIDTH = 330


class ClassifyPage(QWidget):
    """Shows a LabelStatus."""

    def __init__(self, model: LabelModel) -> None:
        super().__init__()
        self._model = model
        self._shown: tuple[object, ...] = ()
        self.form = LabelForm(for_calibration=False)
        self.edit = QPlainTextEdit()
        self.rows = QTableWidget()
        self.matrix = QTableWidget()
        self.matrix_words = label(kind="muted", wrap=True)
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.start = button("Classify", self._press, kind="primary")
        self.browse = button("Open a table…", self._browse)
        self.single = button("Write a text instead", model.close_table)
        self.export = button("Save the table…", self._save)
        self._lay_out()
        model.changed.connect(self.show_status)
        self.show_status(model.value)

    def show_status(self, status: LabelStatus) -> None:
        """Show how far the labelling got, and what came of it."""
        self.start.setText("Stop" if status.working else "Classify")
        self.bar.setVisible(status.working)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        self.words.setText(_words(status))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else "muted")
        self.export.setEnabled(bool(status.found) and not status.working)
        self.single.setVisible(status.table is not None)
        if (status.table, status.found) != self._shown:
            if not self._shown or status.table is not self._shown[0]:
                self.form.show_table(status.table)
            self._shown = (status.table, status.found)
            self._show_rows(status)
            self._show_matrix(status.confusion)

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

    def _press(self) -> None:
        if self._model.value.working:
            self._model.stop()
        else:
            self._model.classify(self.form.wish(), self.edit.toPlainText())

    def _browse(self) -> None:
        ask_for_file(self, "Open a table", TABLES, self._model.open_table)

    def _save(self) -> None:
        ask_where_to_export(self, "Save the table", "labelled", KINDS, self._model.save)

    def _lay_out(self) -> None:
        self.setFocusProxy(self.form.labels)
        self.edit.setAccessibleName("Text to label")
        name_scroll_bars(self.edit, "Text to label")
        self.edit.setPlaceholderText(PLACEHOLDER)
        self.edit.setTabChangesFocus(True)
        self.edit.setObjectName("document")
        self.bar.setAccessibleName("Labelled so far")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        for table, name in ((self.rows, "Labelled texts"), (self.matrix, "Confusion matrix")):
            table.setAccessibleName(name)
            name_scroll_bars(table, name)
            table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
            table.setCornerButtonEnabled(False)
            table.setTabKeyNavigation(False)
            table.setObjectName("results")
        self.rows.verticalHeader().hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._left(), 1)
        row.addWidget(line(vertical=True))
        row.addWidget(self._right())

    def _left(self) -> QVBoxLayout:
        ways = QHBoxLayout()
        for part in (self.start, self.browse, self.single):
            ways.addWidget(part)
        ways.addStretch(1)
        ways.addWidget(self.export)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.edit)
        self._pages.addWidget(self.rows)
        top = QVBoxLayout()
        top.setContentsMargins(18, 14, 18, 10)
        top.setSpacing(8)
        top.addWidget(self.form)
        top.addLayout(ways)
        top.addWidget(self.words)
        top.addWidget(self.bar)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addLayout(top)
        left.addWidget(line())
        left.addLayout(self._pages, 1)
        return left

    def _right(self) -> QWidget:
        side = QWidget()
        side.setObjectName("pane")
        side.setFixedWidth(SIDE_WIDTH)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(10)
        for part in (label(MEANING, kind="muted", wrap=True), self.matrix_words):
            layout.addWidget(part)
        layout.addWidget(self.matrix, 1)
        layout.addStretch(0)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        return side


def _words(status: LabelStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.working and status.total:
        return f"Labelled {status.done:,} of {status.total:,} texts"
    if status.saved:
        return f"Saved as {status.saved}."
    if status.found:
        few = f" The first {MOST_SHOWN:,} are shown." if len(status.found) > MOST_SHOWN else ""
        return f"Labelled {len(status.found):,} texts.{few}"
    if status.table is not None:
        return f"{status.name} has {len(status.table.rows):,} rows."
    return ""
