"""A message across the top of the chat that waits for nobody: what went wrong and what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.ui.viewmodels.notice import Notice
from app.ui.widgets import button, label


class Banner(QWidget):
    """Shows the last Notice until it is dismissed; then the one before it, which still waits."""

    retried = Signal()
    cpu_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._notices: list[Notice] = []
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
        layout.addWidget(button("Dismiss", self._dismiss, kind="quiet"))
        around = QVBoxLayout(self)
        around.setContentsMargins(24, 12, 24, 0)
        around.addWidget(frame)
        self.hide()

    def show_notice(self, notice: Notice | None) -> None:
        """Show a notice over those that are not dismissed; None lets go of them all."""
        others = [] if notice is None else [each for each in self._notices if each != notice]
        self._notices = others if notice is None else [*others, notice]
        self._show_last()

    def _dismiss(self) -> None:
        self._notices.pop()
        self._show_last()

    def _show_last(self) -> None:
        if self._notices:
            notice = self._notices[-1]
            self.message.setText(notice.message)
            self.hint.setText(notice.hint)
            self.hint.setVisible(bool(notice.hint))
            self._retry.setVisible(notice.can_retry)
            self._cpu.setVisible(notice.offers_cpu)
        self.setVisible(bool(self._notices))
