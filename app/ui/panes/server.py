"""The server's dialog: the switch, what it is doing, and what another program needs to know."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.dialogs import Dialog, ShownText, rows
from app.ui.panes.number import OptionalNumber
from app.ui.switch import Switch
from app.ui.theme.palette import Theme
from app.ui.viewmodels.server import ServerState, ServerStatus, sentence
from app.ui.viewmodels.typed import read_port
from app.ui.widgets import label, set_kind

NAME = "Let other programs use the model"
MEANING = "Programs on this computer only: nobody else can reach it, and nothing leaves it."
HOW = (
    "Any program that speaks OpenAI's chat API can use it. Give it the address, as the API key"
    " the token, and the model's name. Their questions and answers are not stored."
)
PORT = "Where programs find the server. 0 takes any free port."


class ServerDialog(Dialog):
    """Shows a ServerStatus; `switched` and `port_chosen` carry what a person chose."""

    switched = Signal(bool)
    port_chosen = Signal(object)

    def __init__(self, parent: QWidget, theme: Theme, usual_port: int) -> None:
        super().__init__(parent, "Server")
        self.switch = Switch(theme, NAME)
        self.state = label(wrap=True)
        self.address = ShownText("Address")
        self.token = ShownText("Token", secret=True)
        self.model = ShownText("Model")
        self.port = OptionalNumber("Port", PORT, str(usual_port), read_port)
        self.switch.toggled.connect(self.switched)
        self.port.chosen.connect(self.port_chosen)
        self._lay_out()

    def show_status(self, status: ServerStatus) -> None:
        """Show how the switch stands and what the server is doing."""
        with QSignalBlocker(self.switch):
            self.switch.setChecked(status.wanted)
        self.state.setText(sentence(status))
        set_kind(self.state, "complaint" if status.state is ServerState.FAILED else "")
        self.address.show_text(status.endpoint.url if status.endpoint else "")
        self.token.show_text(status.endpoint.token if status.endpoint else "")
        self.model.show_text(status.model if status.endpoint else "")
        self.fit()
        if status.port != self._port:
            self._port = status.port
            self.port.show_value(status.port)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.switch.recolour(theme)

    def _lay_out(self) -> None:
        self._port: int | None = None
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(label(NAME, kind="strong"))
        words.addWidget(label(MEANING, kind="muted", wrap=True))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addLayout(words, 1)
        head.addWidget(self.switch)
        self.body.addLayout(head)
        self.body.addWidget(self.state)
        self.body.addLayout(
            rows(("Address", self.address), ("Token", self.token), ("Model", self.model))
        )
        self.body.addWidget(self.port)
        self.body.addWidget(label(HOW, kind="muted", wrap=True))
        self.complete(self.switch)
