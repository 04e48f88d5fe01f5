"""What is asked of texts that get a label: the labels, the instruction, the columns of a table."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from app.domain.calibration import Fit
from app.domain.classification import Correction
from app.services.classifying import INSTRUCTION, Table
from app.ui.choice import Choice
from app.ui.viewmodels.labelling import Wish
from app.ui.widgets import label, name_scroll_bars

NAME_WIDTH = 110
LINES = 3
CORRECTIONS: list[tuple[str, object]] = [
    ("None", Correction.NONE),
    ("By length: mean logprob of a label's tokens", Correction.LENGTH),
    ("By prior: less what the label gets without a text", Correction.PRIOR),
]
FITS: list[tuple[str, object]] = [
    ("One temperature", Fit.TEMPERATURE),
    ("Rising steps (isotonic)", Fit.ISOTONIC),
]
NO_TRUTH = "None"
LABELS_HELP = "With commas between them. Each is scored whole, however many tokens it has."
CALIBRATED = "Apply what the Calibrate page has fitted"
THRESHOLD = "Give no label where the likeliest one is less probable than this"


class LabelForm(QWidget):
    """Gives a Wish; `for_calibration` asks how to fit in place of how to decide."""

    def __init__(self, *, for_calibration: bool) -> None:
        super().__init__()
        self._for_calibration = for_calibration
        self.labels = QLineEdit()
        self.labels.setAccessibleName("Labels")
        self.labels.setPlaceholderText("positive, negative")
        self.labels.setToolTip(LABELS_HELP)
        self.instruction = QPlainTextEdit(INSTRUCTION)
        self.correction = Choice("Correction")
        self.correction.show_values(CORRECTIONS, Correction.NONE)
        self.texts, self.truths = Choice("Column of texts"), Choice("Column of true labels")
        self.fit = Choice("Fit")
        self.fit.show_values(FITS, Fit.TEMPERATURE)
        self.threshold = QDoubleSpinBox()
        self.calibrated = QCheckBox("Calibrated")
        self._grid = QGridLayout(self)
        self._lay_out()
        self.show_table(None)

    def show_table(self, table: Table | None) -> None:
        """Offer the columns of a table, if there is one."""
        columns = table.columns if table else ()
        named: list[tuple[str, object]] = [(name, name) for name in columns]
        self.texts.show_values(named or [("text", "text")], "text")
        none: list[tuple[str, object]] = [] if self._for_calibration else [(NO_TRUTH, None)]
        chosen = "label" if "label" in columns else None
        self.truths.show_values([*none, *named] or [(NO_TRUTH, None)], chosen)

    def wish(self) -> Wish:
        """What is asked for now."""
        return Wish(
            labels=self.labels.text(),
            instruction=self.instruction.toPlainText(),
            correction=self.correction.value(),
            threshold=0.0 if self._for_calibration else self.threshold.value(),
            calibrated=not self._for_calibration and self.calibrated.isChecked(),
            fit=self.fit.value(),
            texts=self.texts.value(),
            truths=self.truths.value(),
        )

    def _lay_out(self) -> None:
        self.instruction.setAccessibleName("Instruction")
        name_scroll_bars(self.instruction, "Instruction")
        self.instruction.setTabChangesFocus(True)
        self.instruction.setObjectName("results")
        self.instruction.setFixedHeight(self.fontMetrics().lineSpacing() * (LINES + 1))
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setRange(0.0, 1.0)
        self.threshold.setSingleStep(0.05)
        self.threshold.setToolTip(THRESHOLD)
        self.calibrated.setToolTip(CALIBRATED)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnMinimumWidth(0, NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)
        self._add(0, 0, "Labels", self.labels, 3)
        self._add(1, 0, "Instruction", self.instruction, 3)
        self._add(2, 0, "Correction", self.correction, 1)
        self._add(3, 0, "Texts", self.texts, 1)
        self._add(3, 2, "True labels", self.truths, 1)
        if self._for_calibration:
            self._add(2, 2, "Fit", self.fit, 1)
        else:
            self._add(2, 2, "Threshold", self.threshold, 1)
            self._grid.addWidget(self.calibrated, 4, 1)
        unused = (self.threshold, self.calibrated) if self._for_calibration else (self.fit,)
        for part in unused:
            part.setParent(self)
            part.hide()

    def _add(self, row: int, column: int, name: str, part: QWidget, width: int) -> None:
        called = label(name, kind="muted")
        self._grid.addWidget(called, row, column, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(part, row, column + 1, 1, width)
