"""A number to set: a slider and a field that are one value, or a field that may stay empty.

What is typed and cannot be used is said in a sentence under the field, and the value stays.
"""

from collections.abc import Callable

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QLineEdit, QSlider, QWidget

from app.domain.sampling import RANGES
from app.errors import InvalidRequest
from app.ui.viewmodels.sampling import Knob
from app.ui.viewmodels.typed import read_number
from app.ui.widgets import label

NAME_WIDTH = 92
FIELD_WIDTH = 62
OPTIONAL_WIDTH = 130


class CalmSlider(QSlider):
    """A slider that lets the wheel scroll the pane, unless it has the focus."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move by the wheel only when a person is at this slider."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberField(QDoubleSpinBox):
    """A field that takes any text; `refused` says why one cannot be used."""

    refused = Signal(str)

    def __init__(self, knob: Knob) -> None:
        super().__init__()
        self._knob = knob
        self.setLocale(QLocale.c())
        self.setDecimals(knob.decimals)
        self.setRange(*RANGES[knob.name])
        self.setSingleStep(knob.step * 5 if knob.decimals else 1)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(FIELD_WIDTH)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Let a person type; `valueFromText` judges."""
        return QValidator.State.Acceptable, text, position

    def valueFromText(self, text: str) -> float:
        """The number in the text, or the value as it was."""
        try:
            return read_number(text, self._knob)
        except InvalidRequest as error:
            self.refused.emit(f"{error.message} It stays {self.textFromValue(self.value())}.")
            return self.value()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the pane, unless a person is at this field."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberSlider(QWidget):
    """Name, slider and number of one knob in a line."""

    moved = Signal(float)

    def __init__(self, knob: Knob) -> None:
        super().__init__()
        self._knob = knob
        self.slider = CalmSlider()
        self.slider.setRange(self._parts(knob.low), self._parts(knob.high))
        self.slider.setPageStep(10)
        self.field = NumberField(knob)
        self.complaint = _complaint()
        self.slider.valueChanged.connect(lambda parts: self._move(parts * knob.step))
        self.field.valueChanged.connect(self._move)
        self.field.refused.connect(self._complain)
        self.field.lineEdit().textEdited.connect(self.complaint.hide)
        _name(self, knob.label, knob.explanation, self.slider, self.field, self.field.lineEdit())
        _lay_out(self, knob.label, self.slider, self.field, self.complaint)

    def show_value(self, value: float) -> None:
        """Show a value without telling it back; the slider may reach less far than the field."""
        self.complaint.hide()
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            self.slider.setValue(self._parts(value))
            self.field.setValue(value)

    def _move(self, value: float) -> None:
        value = round(value, self._knob.decimals)
        self.show_value(value)
        self.moved.emit(value)

    def _complain(self, sentence: str) -> None:
        self.complaint.setText(sentence)
        self.complaint.show()

    def _parts(self, value: float) -> int:
        return round(value / self._knob.step)


class OptionalNumber(QWidget):
    """A whole number that may be left out; `read` turns the text into it or raises why not."""

    chosen = Signal(object)

    def __init__(
        self, name: str, explanation: str, without: str, read: Callable[[str], int | None]
    ) -> None:
        super().__init__()
        self._read = read
        self._value: int | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText(without)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setFixedWidth(OPTIONAL_WIDTH)
        self.complaint = _complaint()
        self.field.editingFinished.connect(self._finish)
        self.field.textEdited.connect(self.complaint.hide)
        _name(self, name, explanation, self.field)
        _lay_out(self, name, QWidget(), self.field, self.complaint)

    def show_value(self, value: int | None) -> None:
        """Show a value without telling it back."""
        self.complaint.hide()
        self._value = value
        self.field.setText("" if value is None else str(value))

    def _finish(self) -> None:
        try:
            value = self._read(self.field.text())
        except InvalidRequest as error:
            self.show_value(self._value)
            stays = self.field.text() or self.field.placeholderText()
            self.complaint.setText(f"{error.message} It stays {stays}.")
            self.complaint.show()
            return
        if value != self._value:
            self.chosen.emit(value)


def _complaint() -> QLabel:
    made = label(kind="complaint", wrap=True)
    made.hide()
    return made


def _name(whole: QWidget, name: str, explanation: str, *controls: QWidget) -> None:
    whole.setToolTip(explanation)
    for control in controls:
        control.setAccessibleName(name)
        control.setAccessibleDescription(explanation)


def _lay_out(whole: QWidget, name: str, middle: QWidget, field: QWidget, complaint: QLabel) -> None:
    grid = QGridLayout(whole)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(2)
    grid.setColumnMinimumWidth(0, NAME_WIDTH)
    grid.setColumnStretch(1, 1)
    for column, widget in enumerate((label(name), middle, field)):
        grid.addWidget(widget, 0, column)
    grid.addWidget(complaint, 1, 0, 1, 3)
