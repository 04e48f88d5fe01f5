"""The dialogs of the window, each made when it is asked for the first time."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut

from app.services.settings import SERVER_PORT, Settings
from app.ui.chat.composer import RULES_KEYS
from app.ui.model_button import KEYS as MODEL_KEYS
from app.ui.panes.models import ModelsDialog
from app.ui.panes.rules import RulesDialog
from app.ui.panes.server import ServerDialog
from app.ui.panes.settings import SettingsDialog
from app.ui.panes.speed import SpeedDialog
from app.ui.sidebar.foot import SERVER_KEYS, SETTINGS_KEYS, SPEED_KEYS
from app.ui.theme.style import Appearance
from app.ui.window import MainWindow
from app.ui.window_models import WindowModels


class Dialogs(QObject):
    """Opens them from the window's buttons and by keyboard."""

    def __init__(
        self,
        window: MainWindow,
        appearance: Appearance,
        settings: Settings,
        profile: Path,
        models: WindowModels,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._appearance = appearance
        self._settings = settings
        self._profile = profile
        self._server = models.server
        self._models = models.models
        self._survey = models.survey
        self._speed = models.speed
        self._rules = models.rules
        self.server: ServerDialog | None = None
        self.settings: SettingsDialog | None = None
        self.models: ModelsDialog | None = None
        self.speed: SpeedDialog | None = None
        self.rules: RulesDialog | None = None
        foot = window.sidebar.foot
        foot.server_asked.connect(self.open_server)
        foot.settings_asked.connect(self.open_settings)
        foot.speed_asked.connect(self.open_speed)
        models.server.changed.connect(foot.show_server)
        window.header.model.asked.connect(self.open_models)
        self._by_keys(MODEL_KEYS, self.open_models)
        self._by_keys(SERVER_KEYS, self.open_server)
        self._by_keys(SETTINGS_KEYS, self.open_settings)
        self._by_keys(SPEED_KEYS, self.open_speed)
        window.composer.rules_asked.connect(self.open_rules)
        self._by_keys(RULES_KEYS, self.open_rules)

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

    def open_models(self) -> None:
        """Show the model's dialog."""
        if self.models is None:
            model, survey = self._models, self._survey
            self.models = made = ModelsDialog(self._window, self._appearance.theme, model)
            made.rules_asked.connect(self.open_rules)
            made.looked_at.connect(lambda choice: survey.look(choice, model.path(choice)))
            made.removed.connect(lambda choice: survey.remove_copies(choice, model.path(choice)))
            survey.looked.connect(made.show_look)
            survey.found.connect(made.show_devices)
            self._appearance.changed.connect(made.recolour)
            survey.find_devices()
        self.models.present()

    def open_speed(self) -> None:
        """Show the speed's dialog."""
        if self.speed is None:
            model = self._speed
            self.speed = made = SpeedDialog(self._window)
            made.asked.connect(model.measure)
            made.stopped.connect(model.stop)
            model.changed.connect(made.show_status)
            made.show_status(model.value)
        self.speed.present()

    def open_rules(self) -> None:
        """Show the rules of Auto."""
        if self.rules is None:
            self.rules = RulesDialog(self._window, self._rules)
        self.rules.present()

    def _by_keys(self, keys: str, action: Callable[[], None]) -> None:
        QShortcut(QKeySequence(keys), self._window).activated.connect(action)
