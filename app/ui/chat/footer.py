"""The line under an answer: its figures at the left, and room at the right for what can be done."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.domain.conversation import Turn
from app.ui.viewmodels.figures import Figure, figures
from app.ui.widgets import label


class AnswerFooter(QWidget):
    """Shows nothing until the answer ended."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: list[QLabel] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(14)
        self._row.addStretch(1)

    def show_turn(self, turn: Turn) -> None:
        """Show the figures of an answer that ended."""
        for old in self.labels:
            self._row.removeWidget(old)
            old.deleteLater()
        self.labels = [_label(figure) for figure in figures(turn)]
        for place, each in enumerate(self.labels):
            self._row.insertWidget(place, each)

    def add_actions(self, actions: QWidget) -> None:
        """Put what can be done with the answer at the right."""
        self._row.addWidget(actions)


def _label(figure: Figure) -> QLabel:
    made = label(figure.text, kind="muted")
    made.setToolTip(figure.meaning)
    made.setAccessibleName(f"{figure.text}. {figure.meaning}")
    return made
