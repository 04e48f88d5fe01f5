"""The sidebar's foot: what leaves this computer, and the ways to three dialogs."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.viewmodels.server import ServerState, ServerStatus
from app.ui.widgets import button, label

OFFLINE = "Offline. Nothing leaves this computer."
SHARED = "Offline. Nothing leaves this computer; programs on it can use the model."
SERVER_KEYS = "Ctrl+Shift+S"
SETTINGS_KEYS = "Ctrl+,"
SPEED_KEYS = "Ctrl+Shift+B"


class Foot(QWidget):
    """`server_asked`, `speed_asked` and `settings_asked` ask for these dialogs."""

    server_asked = Signal()
    speed_asked = Signal()
    settings_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = label(OFFLINE, kind="muted", wrap=True)
        self.server = button("Server", self.server_asked.emit, kind="quiet", keys=SERVER_KEYS)
        self._speed = button("Speed", self.speed_asked.emit, kind="quiet", keys=SPEED_KEYS)
        self._settings = button(
            "Settings", self.settings_asked.emit, kind="quiet", keys=SETTINGS_KEYS
        )
        sentence = QHBoxLayout()
        sentence.setContentsMargins(8, 4, 4, 0)
        sentence.setSpacing(9)
        sentence.addWidget(label("●", kind="sign"))
        sentence.addWidget(self.words, 1)
        ways = QHBoxLayout()
        ways.setSpacing(4)
        for part in (self.server, self._speed, self._settings):
            ways.addWidget(part)
        ways.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(sentence)
        layout.addLayout(ways)

    def show_server(self, status: ServerStatus) -> None:
        """Say whether other programs can use the model."""
        on = status.state is ServerState.ON
        failed = status.state is ServerState.FAILED
        self.words.setText(SHARED if on else OFFLINE)
        self.server.setText("Server is on" if on else "Server failed" if failed else "Server")
