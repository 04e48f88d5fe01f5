"""The window of a program that cannot open: one error, for who started it without a terminal."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout
from qasync import QEventLoop

from app.errors import CandorError
from app.ui.app import make_application
from app.ui.theme.style import Appearance
from app.ui.widgets import button, label

WIDTH = 420


class Apology(QDialog):
    """The sentence, the next step, and a button that closes it."""

    def __init__(self, error: CandorError) -> None:
        super().__init__()
        self.setWindowTitle("Candor")
        self.setFixedWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(12)
        layout.addWidget(label(error.message, kind="strong", wrap=True))
        layout.addWidget(label(error.hint, wrap=True))
        layout.addWidget(button("Close", self.close, keys="Escape"), 0, Qt.AlignmentFlag.AlignRight)


def apologise(error: CandorError) -> None:
    """Show the error until its window is closed."""
    application = make_application()
    Appearance(application)
    with QEventLoop(application) as loop:
        loop.run_until_complete(_shown(Apology(error)))


async def _shown(window: QDialog) -> None:
    closed = asyncio.Event()
    window.finished.connect(lambda _: closed.set())
    window.show()
    await closed.wait()
    window.deleteLater()
    await asyncio.sleep(0)
