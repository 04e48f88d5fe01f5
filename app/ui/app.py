"""Starts Qt and asyncio as one loop, opens the window, and ends everything in order.

In: the services. Out: the exit status, once the window, its tasks and the worker have ended.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["QT_API"] = "pyside6"

from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app import paths
from app.errors import InvalidRequest
from app.services.calibrations import Calibrations
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.local_server import MakeServer
from app.services.packs import Packs
from app.services.settings import PALETTE, THEME, Settings
from app.services.store.store import ChatStore
from app.ui.collector import Collector
from app.ui.faults import FaultRoutes
from app.ui.kept import keep_choices, keep_place
from app.ui.panes.dialogs import Dialogs
from app.ui.theme.style import Appearance
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.chats import ChatsModel
from app.ui.viewmodels.model_survey import ModelSurvey
from app.ui.viewmodels.models import ModelsModel
from app.ui.viewmodels.server import ServerModel
from app.ui.viewmodels.speed import SpeedModel
from app.ui.window import MainWindow
from app.ui.workbench.models import WorkbenchModels
from app.ui.workbench.workbench import Workbench

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the window works with; `model_path` is loaded at the start.

    `profile` is the folder that everything is kept in.
    """

    host: EngineHost
    conversation: Conversation
    store: ChatStore
    settings: Settings
    packs: Packs
    make_server: MakeServer
    profile: Path
    model_path: str


class Session:
    """One window from its opening to its end."""

    def __init__(self, services: Services, appearance: Appearance, faults: FaultRoutes) -> None:
        self._services = services
        self._closing = asyncio.Event()
        self.chat = ChatModel(
            services.host,
            services.conversation,
            services.store,
            services.settings,
            services.model_path,
            faults.report,
        )
        self.chats = ChatsModel(services.conversation, services.store, faults.report)
        self.chat.restored.connect(self.chats.refresh)
        faults.shown_by(self.chat.notice)
        self.window = MainWindow(self.chat, self.chats, appearance)
        self.window.close_requested.connect(self.end)
        self.server = ServerModel(
            services.host,
            services.settings,
            services.make_server,
            services.profile / paths.API_TOKEN,
            faults.report,
        )
        self.models = ModelsModel(
            services.host,
            services.conversation,
            services.settings,
            services.model_path,
            faults.report,
        )
        self.survey = ModelSurvey(services.host, services.packs, faults.report)
        self.speed = SpeedModel(services.host, faults.report)
        self.dialogs = Dialogs(
            self.window,
            appearance,
            services.settings,
            services.profile,
            self.server,
            self.models,
            self.survey,
            self.speed,
        )
        self.bench = WorkbenchModels(
            services.host,
            services.conversation,
            services.store,
            services.packs.client,
            Calibrations(services.profile / paths.CALIBRATIONS),
            self.models,
            self.chat.selection,
            faults.report,
        )
        self.workbench = Workbench(self.window, appearance, self.chats, self.bench)
        self.window.connect_models(self.models)
        keep_choices(services.settings, self.chat, self.window)
        services.settings.observe(THEME, lambda theme: appearance.choose(SCHEMES[theme]))
        appearance.choose_palette(services.settings.get(PALETTE))
        services.settings.observe(PALETTE, appearance.choose_palette)
        services.settings.on_failure(self.chat.notice)

    async def run(self) -> None:
        """Show the window and wait until it is asked to close."""
        self.window.show()
        for trouble in self._services.settings.troubles:
            self.chat.notice(trouble)
        self.models.start(after=self.chat.start())
        self.server.start()
        await self._closing.wait()
        await self._close()

    def end(self) -> None:
        """Close the window and what it works with."""
        self._closing.set()

    async def _close(self) -> None:
        keep_place(self._services.settings, self.window)
        self.window.hide()
        await self.bench.close()
        await self.speed.close()
        await self.server.close()
        await self.survey.close()
        await self.models.close()
        await self.chats.close()
        await self.chat.close()
        await self._services.host.close()
        await self._services.store.close()
        await self._services.settings.close()
        self.window.deleteLater()
        for model in (self.server, self.speed, self.survey, self.models, *self.bench.all()):
            model.deleteLater()
        self.chats.deleteLater()
        self.chat.deleteLater()
        await asyncio.sleep(0)


Life = Callable[[Session], Awaitable[None]]


def run(services: Services, theme: str | None = None, live: Life = Session.run) -> int:
    """Open the window; `theme` is one of `SCHEMES` or, if None, as a person has it set.

    `live` is what becomes of the session.

    Raises:
        InvalidRequest: there is no such theme.
    """
    theme = services.settings.get(THEME) if theme is None else theme
    if theme not in SCHEMES:
        raise InvalidRequest(f"There is no theme {theme!r}.", f"Choose {', '.join(SCHEMES)}.")
    qInstallMessageHandler(_log_qt)
    application = make_application()
    appearance = Appearance(application)
    appearance.choose(SCHEMES[theme])
    collector = Collector()
    try:
        with QEventLoop(application) as loop, FaultRoutes(loop) as faults:
            loop.run_until_complete(_main(Session(services, appearance, faults), live))
    finally:
        qInstallMessageHandler(None)
        collector.stop()
    return 0


def make_application() -> QApplication:
    """Qt as this program uses it: the loop ends when it is told to, not with a window."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Candor")
    application.setDesktopFileName("candor")
    application.setWindowIcon(QIcon(str(paths.icon())))
    application.setQuitOnLastWindowClosed(False)
    return application


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Into the log, which a program without a terminal has too; what ends it is also said."""
    _log.info("Qt, %s: %s", kind.name, text)
    if kind is QtMsgType.QtFatalMsg:
        sys.stderr.write(f"{text}\n")


async def _main(session: Session, live: Life) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, session.end)
    await live(session)
