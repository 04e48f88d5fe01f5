"""Starts Qt and asyncio as one loop, opens the window, and ends everything in order.

In: the services. Out: the exit status, once the window, its tasks and the worker have ended.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

os.environ["QT_API"] = "pyside6"

from PySide6.QtCore import QMessageLogContext, QSettings, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app import paths
from app.errors import InvalidRequest
from app.services.settings import PALETTE, THEME
from app.ui.collector import Collector
from app.ui.faults import FaultRoutes
from app.ui.kept import keep_choices, keep_place
from app.ui.panes.dialogs import Dialogs
from app.ui.theme.style import Appearance
from app.ui.window import MainWindow
from app.ui.window_models import Services, WindowModels
from app.ui.workbench.workbench import Workbench

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_log = logging.getLogger(__name__)


class Session:
    """One window from its opening to its end."""

    def __init__(self, services: Services, appearance: Appearance, faults: FaultRoutes) -> None:
        self._settings = settings = services.settings
        self._closing = asyncio.Event()
        self._models = made = WindowModels(services, faults.report)
        self.chat, self.chats, self.models = made.chat, made.chats, made.models
        self.server, self.speed, self.bench = made.server, made.speed, made.bench
        faults.shown_by(self.chat.notice)
        self.window = MainWindow(self.chat, self.chats, appearance)
        self.window.close_requested.connect(self.end)
        self.window.connect_models(self.models, made.rules)
        self.dialogs = Dialogs(self.window, appearance, settings, services.profile, made)
        self.workbench = Workbench(self.window, appearance, self.chats, self.bench)
        keep_choices(settings, self.chat, self.window)
        settings.observe(THEME, lambda theme: appearance.choose(SCHEMES[theme]))
        appearance.choose_palette(settings.get(PALETTE))
        settings.observe(PALETTE, appearance.choose_palette)
        settings.on_failure(self.chat.notice)

    async def run(self) -> None:
        """Show the window and wait until it is asked to close."""
        self.window.show()
        for trouble in self._settings.troubles:
            self.chat.notice(trouble)
        self.models.start(after=self.chat.start())
        self.server.start()
        await self._closing.wait()
        await self._close()

    def end(self) -> None:
        """Close the window and what it works with."""
        self._closing.set()

    async def _close(self) -> None:
        keep_place(self._settings, self.window)
        self.window.hide()
        await self._models.close()
        self.window.deleteLater()
        self._models.delete_later()
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
    """Qt as this program uses it."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Candor")
    application.setDesktopFileName("candor")
    application.setWindowIcon(QIcon(str(paths.icon())))
    keep_to_itself(application)
    return application


def keep_to_itself(application: QApplication) -> None:
    """The loop ends when it is told to, not with a window; what Qt notes stays in the profile.

    Its file dialogs note the folders that were opened.
    """
    application.setQuitOnLastWindowClosed(False)
    scope = QSettings.Scope.UserScope
    QSettings.setPath(QSettings.Format.NativeFormat, scope, str(paths.profile()))


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
