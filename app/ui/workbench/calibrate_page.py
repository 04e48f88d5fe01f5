"""Calibrating: labelled texts show how far the model's confidence can be believed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from app.domain.calibration import Calibration, Fit
from app.ui.theme.palette import Theme
from app.ui.viewmodels.labelling import LabelModel, LabelStatus
from app.ui.widgets import label
from app.ui.workbench.label_form import LabelForm
from app.ui.workbench.label_page import LabelPage
from app.ui.workbench.page import arrange
from app.ui.workbench.reliability import Diagram
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


class CalibratePage(LabelPage):
    """Shows how far confidences can be believed."""

    def __init__(self, theme: Theme, model: LabelModel) -> None:
        super().__init__(model, LabelForm(for_calibration=True), "Calibrate")
        self.diagram = Diagram(theme)
        self.facts = Facts()
        self.reading = label(kind="muted", wrap=True)
        self.reading.setAlignment(Qt.AlignmentFlag.AlignTop)
        body = QVBoxLayout()
        body.setContentsMargins(18, 14, 18, 14)
        body.addWidget(self.diagram)
        side = (label(MEANING, kind="muted", wrap=True), self.facts, self.reading)
        arrange(self, (self.form, self.task), body, side)
        model.changed.connect(self.show_status)
        self.show_status(model.value)

    def begin(self) -> None:
        """Fit on the open table."""
        self.model.calibrate(self.form.wish())

    def show_status(self, status: LabelStatus) -> None:
        """Show how far the calibration got, and what came of it."""
        super().show_status(status)
        found = status.calibration
        for part in (self.diagram, self.facts, self.reading):
            part.setVisible(found is not None)
        if found is not None:
            self.diagram.show_bins(found.before, found.after)
            self.facts.show_facts(_facts(found), MEANINGS)
            self.reading.setText(f"{READING}\n\n{_halves(found)}")

    def outcome(self, status: LabelStatus) -> str:
        """What there is, in a sentence."""
        if status.calibration is not None:
            return "The fit is kept for this model and these labels."
        return super().outcome(status)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.diagram.theme = theme
        self.diagram.update()


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


def _halves(found: Calibration) -> str:
    said = f"The halves have examples of every label, drawn by seed {found.seed}."
    return found.note or said
