"""The answer's form: free, some JSON, a JSON schema or a regular expression."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.domain.grammar import Grammar, GrammarKind
from app.errors import InvalidRequest
from app.ui.choice import Choice
from app.ui.viewmodels.form import NAME, NAMES, WRITTEN, read_form
from app.ui.widgets import fixed_font, label, name_scroll_bars

EXPLANATION = (
    "Holds the next answers to a form: a token that does not fit it is never taken. What the model"
    " thinks before its answer stays free. The form is free again at the next start."
)
EXAMPLES = {
    GrammarKind.JSON_SCHEMA: '{"type": "object", "properties": {"sum": {"type": "integer"}}}',
    GrammarKind.REGEX: "(yes|no)",
}
MEANWHILE = "Answers are free meanwhile."
_NAME_WIDTH = 96
_HEIGHT = 84


class FormChoice(QWidget):
    """`chosen` carries the Grammar that was chosen and written, None for answers of any form."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._texts = dict.fromkeys(WRITTEN, "")
        self.field = Choice(NAME)
        self.field.setAccessibleDescription(EXPLANATION)
        self.field.show_values([(name, kind) for kind, name in NAMES.items()], None)
        self.text = QPlainTextEdit()
        self.text.setFont(fixed_font(self.text))
        self.text.setFixedHeight(_HEIGHT)
        self.text.setTabChangesFocus(True)
        name_scroll_bars(self.text, NAME)
        self.complaint = label(kind="complaint", wrap=True)
        self.setToolTip(EXPLANATION)
        self._lay_out()
        self._show_kind()
        self.field.activated.connect(self._take)
        self.text.textChanged.connect(self._read)

    def show_value(self, value: Grammar | None) -> None:
        """Show a form without telling it back; a text that cannot be used yet stays."""
        if self._value() != value:
            if value is not None and value.kind in self._texts:
                self._texts[value.kind] = value.text
            self.field.choose(value and value.kind)
            self._show_kind()

    def _take(self) -> None:
        self._show_kind()
        self._read()

    def _read(self) -> None:
        """Tell what stands here, or why it cannot be used."""
        kind = self.field.value()
        if kind in self._texts:
            self._texts[kind] = self.text.toPlainText()
        value, complaint = None, ""
        try:
            value = read_form(kind, self.text.toPlainText())
        except InvalidRequest as error:
            complaint = f"{error.message} {MEANWHILE}"
        self.complaint.setText(complaint)
        self.complaint.setVisible(bool(complaint))
        self.chosen.emit(value)

    def _value(self) -> Grammar | None:
        """What was told last."""
        try:
            return read_form(self.field.value(), self.text.toPlainText())
        except InvalidRequest:
            return None

    def _show_kind(self) -> None:
        kind = self.field.value()
        self.complaint.hide()
        self.text.setVisible(kind in self._texts)
        name = f"{NAME}: {NAMES[kind]}"
        self.text.setAccessibleName(name)
        self.text.setPlaceholderText(EXAMPLES.get(kind, ""))
        with QSignalBlocker(self.text):
            self.text.setPlainText(self._texts.get(kind, ""))

    def _lay_out(self) -> None:
        name = label(NAME)
        name.setMinimumWidth(_NAME_WIDTH)
        row = QHBoxLayout()
        row.addWidget(name)
        row.addWidget(self.field, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.text)
        column.addWidget(self.complaint)
