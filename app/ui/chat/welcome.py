"""What an empty chat shows: what can be done here, and three questions to begin with."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.ui.widgets import button, label, scaled_font

SUGGESTIONS = (
    "What do the colours mean?",
    "What is 348 + 276?",
    "A train leaves at 14:37 and rides 2 hours 48 minutes. When does it arrive?",
)
INTRODUCTION = (
    "Every word of an answer is coloured by how sure the model was of it. "
    "Click one to see what else it could have said."
)


class WelcomeView(QWidget):
    """`asked` carries the suggestion that was chosen."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        title = label("Ask a question", kind="strong")
        title.setFont(scaled_font(title, 1.7))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 40, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(title)
        layout.addWidget(label(INTRODUCTION, kind="muted", wrap=True))
        layout.addSpacing(14)
        self._buttons = [
            button(text, lambda text=text: self.asked.emit(text), kind="suggestion")
            for text in SUGGESTIONS
        ]
        for each in self._buttons:
            layout.addWidget(each)

    @property
    def last_button(self) -> QPushButton:
        """Where the Tab key leaves this view."""
        return self._buttons[-1]

    def set_enabled(self, enabled: bool) -> None:
        """Whether a question could be answered now."""
        for each in self._buttons:
            each.setEnabled(enabled)
