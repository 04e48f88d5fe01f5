"""The row that begins a page's task, or stops it, with how far that is and what came of it."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.ui.viewmodels.one_task import TaskModel, TaskStatus
from app.ui.widgets import button, label, set_kind

STOP = "Stop"


class TaskRow(QWidget):
    """`begin` begins the task of `model`, which the button calls `name` and the bar `doing`."""

    def __init__(
        self,
        model: TaskModel[Any],
        name: str,
        doing: str,
        begin: Callable[[], object],
        *others: QWidget,
        last: QWidget | None = None,
        keys: str = "",
    ) -> None:
        """`others` stand beside the button, `last` at the other end."""
        super().__init__()
        self._model, self._name, self._begin = model, name, begin
        self.start = button(name, self._press, kind="primary", keys=keys)
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(doing)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        row = QHBoxLayout()
        for part in (self.start, *others):
            row.addWidget(part)
        row.addStretch(1)
        if last is not None:
            row.addWidget(last)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.words)
        layout.addWidget(self.bar)

    def show_status(self, status: TaskStatus, words: str, kind: str = "muted") -> None:
        """Show how far the task is; `words` say so, unless it failed."""
        self.start.setText(STOP if status.working else self._name)
        self.bar.setVisible(status.working)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        self.words.setText(str(status.error or words))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else kind)

    def _press(self) -> None:
        if self._model.value.working:
            self._model.stop()
        else:
            self._begin()
