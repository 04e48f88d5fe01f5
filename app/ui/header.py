"""The line at the top: a new chat, which model on which device, the context, and what goes on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from app.ui.viewmodels.status import ChatStatus
from app.ui.viewmodels.wording import context
from app.ui.widgets import button, keys_text, label


class Header(QFrame):
    """Shows a ChatStatus."""

    new_chat = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("header")
        self._model = label(kind="strong")
        self._device = label(kind="chip")
        self._context = label(kind="muted")
        self._meter = QProgressBar()
        self.state = label(kind="muted")
        self._set_up_meter()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 18, 10)
        layout.setSpacing(10)
        layout.addWidget(
            button("New chat", self.new_chat.emit, keys=keys_text(QKeySequence.StandardKey.New))
        )
        layout.addSpacing(6)
        for part in (self._model, self._device):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addSpacing(6)
        for part in (self._context, self._meter):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self.state)

    def show_status(self, status: ChatStatus) -> None:
        """Show the status as it is now."""
        self._model.setText(status.model)
        self._device.setText(status.device)
        self._context.setText(context(status.context_used, status.context_length))
        self._meter.setMaximum(max(status.context_length, 1))
        self._meter.setValue(min(status.context_used, status.context_length))
        for part in (self._model, self._device, self._context, self._meter):
            part.setVisible(bool(status.model))
        rate = f"   {status.rate:,.0f} tokens/s" if status.rate else ""
        self.state.setText(status.words + rate)

    def _set_up_meter(self) -> None:
        self._meter.setAccessibleName("Context used")
        self._meter.setTextVisible(False)
        self._meter.setFixedSize(110, 6)
