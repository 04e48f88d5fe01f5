"""The dialogs of the window, each made when it is asked for the first time."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut

from app.services.settings import SERVER_PORT, Settings
from app.ui.panes.server import ServerDialog
from app.ui.panes.settings import SettingsDialog
from app.ui.sidebar.foot import SERVER_KEYS, SETTINGS_KEYS
from app.ui.theme.style import Appearance
from app.ui.viewmodels.server import ServerModel
from app.ui.window import MainWindow


class Dialogs(QObject):
    """Opens them from the window's buttons and by keyboard."""

    def __init__(
        self,
        window: MainWindow,
        appearance: Appearance,
        settings: Settings,
        profile: Path,
        server: ServerModel,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._appearance = appearance
        self._settings = settings
        self._profile = profile
        self._server = server
        self.server: ServerDialog | None = None
        self.settings: SettingsDialog | None = None
        foot = window.sidebar.foot
        foot.server_asked.connect(self.open_server)
        foot.settings_asked.connect(self.open_settings)
        server.changed.connect(foot.show_server)
        self._by_keys(SERVER_KEYS, self.open_server)
        self._by_keys(SETTINGS_KEYS, self.open_settings)

    def open_server(self) -> None:
        """Show the server's dialog."""
        if self.server is None:
            model = self._server
            self.server = made = ServerDialog(
                self._window, self._appearance.theme, SERVER_PORT.default
            )
            made.switched.connect(model.switch)
            made.port_chosen.connect(model.set_port)
            model.changed.connect(made.show_status)
            self._appearance.changed.connect(made.recolour)
            made.show_status(model.value)
        self.server.present()

    def open_settings(self) -> None:
        """Show the settings' dialog."""
        if self.settings is None:
            self.settings = SettingsDialog(self._window, self._settings, self._profile)
        self.settings.present()

    def _by_keys(self, keys: str, action: Callable[[], None]) -> None:
        QShortcut(QKeySequence(keys), self._window).activated.connect(action)
