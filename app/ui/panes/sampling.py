"""Temperature and top-p as sliders with their numbers, for the next answer."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.wording import other_samplers
from app.ui.widgets import button, label

PARTS = 100


class NumberSlider(QWidget):
    """A slider and a number field that are one value, in steps of a hundredth."""

    moved = Signal(float)

    def __init__(self, name: str, explanation: str, highest: float) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.field = QDoubleSpinBox()
        self.field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setSingleStep(0.05)
        self.field.setFixedWidth(56)
        self.slider.setPageStep(10)
        for control in (self.slider, self.field):
            control.setAccessibleName(name)
            control.setAccessibleDescription(explanation)
        self._set_highest(highest)
        self.slider.valueChanged.connect(lambda parts: self._move(parts / PARTS))
        self.field.valueChanged.connect(self._move)
        self._lay_out(name, explanation)

    def show_value(self, value: float) -> None:
        """Show a value without telling it back; the scale grows where it does not reach."""
        if value > self.field.maximum():
            self._set_highest(value)
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            self.slider.setValue(round(value * PARTS))
            self.field.setValue(value)

    def _move(self, value: float) -> None:
        self.show_value(value)
        self.moved.emit(value)

    def _set_highest(self, value: float) -> None:
        self.slider.setMaximum(round(value * PARTS))
        self.field.setMaximum(value)

    def _lay_out(self, name: str, explanation: str) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.addWidget(label(name), 0, 0)
        grid.addWidget(self.field, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(label(explanation, kind="muted", wrap=True), 2, 0, 1, 2)


class SamplingPane(QWidget):
    """Shows a SamplingModel and sets its values."""

    def __init__(self, model: SamplingModel) -> None:
        super().__init__()
        self._model = model
        self.temperature = NumberSlider(
            "Temperature", "Higher is more varied; 0 always takes the likeliest token.", 2.0
        )
        self.top_p = NumberSlider(
            "Top-p", "Only the likeliest tokens that together reach this probability.", 1.0
        )
        self._reset = button("Model's defaults", model.reset, kind="quiet")
        self._others = label(kind="muted", wrap=True)
        self._lay_out()
        self.temperature.moved.connect(model.set_temperature)
        self.top_p.moved.connect(model.set_top_p)
        model.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        params = self._model.params
        self.temperature.show_value(params.temperature)
        self.top_p.show_value(params.top_p)
        self._reset.setEnabled(not self._model.is_default)
        self._others.setText(other_samplers(params))
        self._others.setVisible(bool(self._others.text()))

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.addWidget(label("Sampling of the next answer", kind="strong"))
        heading.addStretch(1)
        heading.addWidget(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(14)
        layout.addLayout(heading)
        layout.addWidget(self.temperature)
        layout.addWidget(self.top_p)
        layout.addWidget(self._others)
