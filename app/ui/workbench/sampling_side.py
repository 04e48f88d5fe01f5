"""One of the two ways to sample in a comparison: where it starts from, and its main values."""

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.sampling import SamplingParams
from app.ui.choice import Choice
from app.ui.panes.number import NumberField
from app.ui.viewmodels.sampling import MAIN_KNOBS
from app.ui.widgets import label

FIELDS = ("temperature", "top_k", "top_p", "min_p")


class SamplingSide(QWidget):
    """Gives SamplingParams; what has no field here stays as the chosen start has it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.start = Choice(f"{name} sampling")
        self.complaint = label(kind="complaint", wrap=True)
        self.complaint.hide()
        knobs = [knob for knob in MAIN_KNOBS if knob.name in FIELDS]
        self.fields = {knob.name: NumberField(knob) for knob in knobs}
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.start)
        for knob in knobs:
            field = self.fields[knob.name]
            field.setAccessibleName(f"{name} {knob.label.lower()}")
            field.setToolTip(knob.explanation)
            field.refused.connect(self._complain)
            field.valueChanged.connect(lambda: self._complain(""))
            row.addWidget(label(knob.label, kind="muted"))
            row.addWidget(field)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.complaint)
        self.start.currentIndexChanged.connect(self._begin_anew)

    def show_starts(self, named: list[tuple[str, SamplingParams]], place: int) -> None:
        """Offer these to start from, at first the one at this place."""
        chosen = self.start.currentText() or named[place][0]
        values: dict[str, SamplingParams] = dict(named)
        self.start.show_values([*named], values.get(chosen))
        self._begin_anew()

    def params(self) -> SamplingParams:
        """The values as they are now."""
        found = {name: field.value() for name, field in self.fields.items()}
        return replace(self.start.value(), **{**found, "top_k": round(found["top_k"])})

    def _begin_anew(self) -> None:
        for name, field in self.fields.items():
            field.setValue(getattr(self.start.value(), name))

    def _complain(self, sentence: str) -> None:
        self.complaint.setText(sentence)
        self.complaint.setVisible(bool(sentence))
