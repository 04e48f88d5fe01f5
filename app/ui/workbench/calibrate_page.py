"""Calibrating: labelled texts show how far the model's confidence can be believed."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.domain.calibration import Bin, Calibration, Fit
from app.ui.theme.palette import Theme
from app.ui.viewmodels.labelling import LabelModel, LabelStatus
from app.ui.widgets import button, label, line, set_kind
from app.ui.workbench.file_dialogs import ask_for_file
from app.ui.workbench.label_form import LabelForm
from app.ui.workbench.token_details import Facts

MEANING = (
    "Open a table of texts with their true labels. Of the texts that the model labels with a"
    " confidence of 0.8, 80% should be right; the diagram shows how many are. The fit is kept for"
    " this model and these labels, and the Classify page applies it where you ask for it."
)
READING = "Bars below the line: the model is surer than it should be. Above: less sure."
MEANINGS = {
    "Calibration error": "Expected calibration error: the mean distance of confidence and the share"
    " that is right, over ten bins.",
    "With the fit": "The same, each half of the examples judged by a fit from the other half.",
    "Temperature": "Divides the labels' logprobs; over 1 the model was too sure.",
}
TABLES = ["Tables (*.csv)", "All files (*)"]
SIDE_WIDTH = 330
SIZE = QSize(420, 420)
MARGIN = 34.0
TICKS = (0.0, 0.5, 1.0)


class Diagram(QWidget):
    """A reliability diagram: confidence to the right, the share that is right upwards."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._before: tuple[Bin, ...] = ()
        self._after: tuple[Bin, ...] = ()
        self.setMinimumSize(SIZE)

    def show_bins(self, before: tuple[Bin, ...], after: tuple[Bin, ...]) -> None:
        """Draw these bins, as bars without and as dots with the fit."""
        self._before, self._after = before, after
        said = "; ".join(
            f"confidence {each.confidence:.2f}, {each.accuracy:.0%} of {each.count:,} right"
            for each in before
        )
        self.setAccessibleName(f"Reliability diagram: {said}")
        self.setToolTip(said.replace("; ", "\n"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, the line of perfect calibration, bars and dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 2 * MARGIN
        area = QRectF(MARGIN, MARGIN / 2, side, side)
        self._draw_axes(painter, area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bar))
        for each in self._before:
            top = _at(area, each.low, each.accuracy)
            width = (each.high - each.low) * side
            painter.drawRect(QRectF(top.x() + 1, top.y(), width - 2, area.bottom() - top.y()))
        painter.setPen(QPen(QColor(self.theme.muted), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        painter.setPen(QPen(QColor(self.theme.surface), 1.5))
        painter.setBrush(QColor(self.theme.accent))
        for each in self._after:
            painter.drawEllipse(_at(area, each.confidence, each.accuracy), 5.5, 5.5)

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.setBrush(QColor(self.theme.surface))
        painter.drawRect(area)
        painter.setPen(QColor(self.theme.muted))
        middle = Qt.AlignmentFlag.AlignHCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in TICKS:
            place = _at(area, tick, tick)
            painter.drawText(QRectF(place.x() - 30, area.bottom() + 3, 60, 16), middle, f"{tick:g}")
            painter.drawText(QRectF(0, place.y() - 8, MARGIN - 5, 16), right, f"{tick:g}")
        under = QRectF(area.left(), area.bottom() + 16, area.width(), 18)
        painter.drawText(under, middle, "Confidence, and upwards the share that is right")


class CalibratePage(QWidget):
    """Shows a LabelStatus."""

    def __init__(self, theme: Theme, model: LabelModel) -> None:
        super().__init__()
        self._model = model
        self._table: object = None
        self.form = LabelForm(for_calibration=True)
        self.diagram = Diagram(theme)
        self.facts = Facts()
        self.words = label(wrap=True)
        self.reading = label(READING, kind="muted", wrap=True)
        self.bar = QProgressBar()
        self.start = button("Calibrate", self._press, kind="primary")
        self.browse = button("Open a table…", self._browse)
        self._lay_out()
        model.changed.connect(self.show_status)
        self.show_status(model.value)

    def show_status(self, status: LabelStatus) -> None:
        """Show how far the calibration got, and what came of it."""
        self.start.setText("Stop" if status.working else "Calibrate")
        self.bar.setVisible(status.working)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        self.words.setText(_words(status))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else "muted")
        if status.table is not self._table:
            self._table = status.table
            self.form.show_table(status.table)
        found = status.calibration
        for part in (self.diagram, self.facts, self.reading):
            part.setVisible(found is not None)
        if found is not None:
            self.diagram.show_bins(found.before, found.after)
            self.facts.show_facts(_facts(found), MEANINGS)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.diagram.theme = theme
        self.diagram.update()

    def _press(self) -> None:
        if self._model.value.working:
            self._model.stop()
        else:
            self._model.calibrate(self.form.wish())

    def _browse(self) -> None:
        ask_for_file(self, "Open a table", TABLES, self._model.open_table)

    def _lay_out(self) -> None:
        self.setFocusProxy(self.form.labels)
        self.bar.setAccessibleName("Labelled so far")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        ways = QHBoxLayout()
        for part in (self.start, self.browse):
            ways.addWidget(part)
        ways.addStretch(1)
        left = QVBoxLayout()
        left.setContentsMargins(18, 14, 18, 14)
        left.setSpacing(8)
        left.addWidget(self.form)
        left.addLayout(ways)
        for part in (self.words, self.bar):
            left.addWidget(part)
        left.addWidget(self.diagram, 1)
        left.addStretch(0)
        side = QWidget()
        side.setObjectName("pane")
        side.setFixedWidth(SIDE_WIDTH)
        right = QVBoxLayout(side)
        right.setContentsMargins(18, 14, 18, 14)
        right.setSpacing(12)
        for part in (label(MEANING, kind="muted", wrap=True), self.facts, self.reading):
            right.addWidget(part)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(line(vertical=True))
        row.addWidget(side)


def _at(area: QRectF, confidence: float, accuracy: float) -> QPointF:
    x = area.left() + confidence * area.width()
    return QPointF(x, area.bottom() - accuracy * area.height())


def _facts(found: Calibration) -> list[tuple[str, str]]:
    fitted = (
        ("Temperature", f"{found.temperature:.3g}")
        if found.fit is Fit.TEMPERATURE
        else ("Steps", f"{len(found.points):,}")
    )
    return [
        ("Examples", f"{found.count:,}"),
        ("Right", f"{found.accuracy:.1%}"),
        ("Calibration error", f"{found.ece_before:.3f}"),
        ("With the fit", f"{found.ece_after:.3f}"),
        fitted,
    ]


def _words(status: LabelStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.working and status.total:
        return f"Labelled {status.done:,} of {status.total:,} texts"
    if status.calibration is not None:
        return "The fit is kept for this model and these labels."
    if status.table is not None:
        return f"{status.name} has {len(status.table.rows):,} rows."
    return ""
