"""A message across the top of the chat that waits for nobody: what went wrong and what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.ui.viewmodels.notice import Notice
from app.ui.widgets import button, label


class Banner(QWidget):
    """Shows one Notice until it is dismissed or another takes its place."""

    retried = Signal()
    cpu_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = label(kind="strong", wrap=True)
        self.hint = label(wrap=True)
        self._retry = button("Try again", self.retried.emit)
        self._cpu = button("Use the CPU", self.cpu_chosen.emit)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.message)
        words.addWidget(self.hint)
        frame = QFrame()
        frame.setObjectName("banner")
        layout = QHBoxLayout(frame)
        layout.setContentsMargins(14, 10, 10, 10)
        layout.addLayout(words, 1)
        layout.addWidget(self._cpu)
        layout.addWidget(self._retry)
        layout.addWidget(button("Dismiss", self.hide, kind="quiet"))
        around = QVBoxLayout(self)
        around.setContentsMargins(24, 12, 24, 0)
        around.addWidget(frame)
        self.hide()

    def show_notice(self, notice: Notice | None) -> None:
        """Show a notice; None hides the banner."""
        if notice is not None:
            self.message.setText(notice.message)
            self.hint.setText(notice.hint)
            self.hint.setVisible(bool(notice.hint))
            self._retry.setVisible(notice.can_retry)
            self._cpu.setVisible(notice.offers_cpu)
        self.setVisible(notice is not None)
