"""What a person chose in the window, brought back at its start and kept from then on."""

from functools import partial

from PySide6.QtCore import QByteArray

from app.services.settings import HEAT_MODE, READING, REASONING, SIDEBAR, WINDOW, Settings
from app.ui.viewmodels.chat import ChatModel
from app.ui.window import MainWindow


def keep_choices(settings: Settings, chat: ChatModel, window: MainWindow) -> None:
    """Choose as before, and let the settings follow each next choice."""
    chat.heat.choose(settings.get(HEAT_MODE))
    chat.heat.changed.connect(partial(settings.set, HEAT_MODE))
    chat.heat.read_as(settings.get(READING))
    chat.heat.reading_changed.connect(partial(settings.set, READING))
    chat.sampling.set_reasoning(settings.get(REASONING))
    chat.sampling.changed.connect(lambda: settings.set(REASONING, chat.sampling.reasoning))
    window.dock.set_wanted(settings.get(SIDEBAR))
    window.dock.wanted.connect(partial(settings.set, SIDEBAR))
    place = QByteArray.fromBase64(settings.get(WINDOW).encode())
    window.restoreGeometry(place)  # one that means nothing leaves the window as it is


def keep_place(settings: Settings, window: MainWindow) -> None:
    """Keep where the window is and how large."""
    place = window.saveGeometry().toBase64().data()
    settings.set(WINDOW, bytes(place).decode())
