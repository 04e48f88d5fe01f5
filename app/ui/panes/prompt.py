"""A page in the place of the chat: what the model read before an answer, as coloured tokens."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.domain.heat import HeatMode
from app.ui.theme.palette import Theme
from app.ui.viewmodels.prompt import PromptStatus
from app.ui.viewmodels.wording import tokens
from app.ui.widgets import button, label, line, set_kind
from app.ui.workbench.scored_text import ScoredTextView

TITLE = "What the model read for this answer"
READING = "Reading the prompt"
NAME = "Prompt"


class PromptPage(QWidget):
    """Shows a PromptStatus; `picked` and `stepped` as those of its text, `left` goes back."""

    picked = Signal(object)
    stepped = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, mode: HeatMode) -> None:
        super().__init__()
        self.told = label(kind="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(READING)
        self.bar.setFixedHeight(6)
        self.bar.setTextVisible(False)
        self.back = button("Back to the chat", self.left.emit, keys="Escape")
        self.view = ScoredTextView(theme, mode)
        self.view.setAccessibleName(NAME)
        self.view.picked.connect(self.picked)
        self.view.stepped.connect(self.stepped)
        self._shown: object = None
        self._lay_out()

    def show_status(self, status: PromptStatus) -> None:
        """Show how far the prompt was read, then all its tokens."""
        self.told.setText(_told(status))
        set_kind(self.told, "complaint" if status.error else "muted")
        self.bar.setVisible(not status.found and not status.error)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        if status.found is not self._shown:
            self._shown = status.found
            self.view.clear()
            if status.found:
                self.view.extend(status.found.text, status.found.tokens)
                self.view.end()

    def select(self, number: int | None) -> None:
        """Frame a token, and let the keyboard move from there."""
        self.view.select(number)
        text = self.view.text_of(number) if number is not None else None
        if text is not None and self.back.hasFocus():
            text.setFocus()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.view.recolour(theme)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label(TITLE, kind="strong"))
        head.addStretch(1)
        head.addWidget(self.back)
        top = QVBoxLayout()
        top.setContentsMargins(18, 12, 18, 10)
        top.setSpacing(6)
        top.addLayout(head)
        top.addWidget(self.told)
        top.addWidget(self.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(line())
        column.addWidget(self.view, 1)


def _told(status: PromptStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.found is None:
        return READING
    count = tokens(len(status.found.tokens))
    return f"{count}, the template's own included. Click one, or move with the arrow keys."
