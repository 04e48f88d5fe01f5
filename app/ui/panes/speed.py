"""The speed's dialog: a button that measures the loaded model, and what was found."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QWidget

from app.domain.benchmark import BenchmarkReport
from app.services.benchmark.wording import findings, heading, validity
from app.ui.dialogs import Dialog
from app.ui.viewmodels.speed import SpeedStatus
from app.ui.widgets import button, label, set_kind

MEANING = (
    "Measures how fast the loaded model reads and writes on this computer. Answers to you and to"
    " other programs slow it down, so leave the computer alone meanwhile."
)
MEASURE, STOP = "Measure", "Stop"
HELP = {
    "prefill": "How fast a prompt is read.",
    "decode": "How fast an answer is written.",
    "first token": "How long a prompt takes until the answer begins.",
    "cores used": "Processor time beside the time that passed.",
    "peak memory": "The most that the worker ever took.",
    "draft cost": "What it costs to look at so many tokens at once, as a draft is verified.",
    "side by side": "So many answers at once: how fast they grow together.",
    "of the roof": "Every token needs all weights read from memory; nothing can be faster.",
}


class SpeedDialog(Dialog):
    """Shows a SpeedStatus; `asked` and `stopped` carry what a person wants."""

    asked = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Speed")
        self.start = button(MEASURE, self._press, kind="primary")
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Measured so far")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self._found = QGridLayout()
        self._found.setColumnStretch(1, 1)
        self._found.setHorizontalSpacing(12)
        self._shown: BenchmarkReport | None = None
        self._measuring = False
        self.body.addWidget(label(MEANING, kind="muted", wrap=True))
        self.body.addWidget(self.words)
        self.body.addWidget(self.bar)
        self.body.addLayout(self._found)
        self.foot.insertWidget(0, self.start)
        self.complete(self.start)
        self.show_status(SpeedStatus())

    def show_status(self, status: SpeedStatus) -> None:
        """Show what is being measured, or what came of it."""
        self._measuring = bool(status.doing)
        self.start.setText(STOP if self._measuring else MEASURE)
        self.words.setText(_words(status))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else "")
        self.bar.setVisible(self._measuring)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        if status.report is not self._shown:
            self._show_report(status.report)
        self.fit()

    def _show_report(self, report: BenchmarkReport | None) -> None:
        self._shown = report
        while (item := self._found.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, (name, words) in enumerate(findings(report) if report else ()):
            title, value = label(name.capitalize(), kind="muted"), label(words, wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for part in (title, value):
                part.setToolTip(HELP[name])
            self._found.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            self._found.addWidget(value, row, 1)
            title.show()  # so that the dialog knows its height
            value.show()

    def _press(self) -> None:
        (self.stopped if self._measuring else self.asked).emit()


def _words(status: SpeedStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.report is not None:
        return f"{heading(status.report)}. {validity(status.report)}"
    return f"{status.doing}." if status.doing else ""
