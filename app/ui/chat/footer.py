"""The line under an answer: its figures at the left, and room at the right for what can be done."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.domain.conversation import Turn
from app.ui.viewmodels.figures import Figure, figures
from app.ui.widgets import label

SPACING = 14


class AnswerFooter(QWidget):
    """Where there is little room, the last figures are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: list[QLabel] = []
        self._actions: QWidget | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 0, 0, 0)  # where the text of the answer begins
        self._row.setSpacing(SPACING)
        self._row.addStretch(1)

    def show_turn(self, turn: Turn) -> None:
        """Show the figures of an answer that ended."""
        for old in self.labels:
            self._row.removeWidget(old)
            old.deleteLater()
        self.labels = [_label(figure) for figure in figures(turn)]
        for place, each in enumerate(self.labels):
            self._row.insertWidget(place, each)
        self._fit()

    def add_actions(self, actions: QWidget) -> None:
        """Put what can be done with the answer at the right."""
        self._actions = actions
        self._row.addWidget(actions)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many figures as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - (self._actions.sizeHint().width() if self._actions else 0)
        for each in self.labels:
            room -= each.sizeHint().width() + SPACING
            each.setVisible(room >= 0)


def _label(figure: Figure) -> QLabel:
    made = label(figure.text, kind="muted")
    made.setToolTip(figure.meaning)
    made.setAccessibleName(f"{figure.text}. {figure.meaning}")
    return made
