"""A person in front of the window: real keys, real clicks, and the patience to wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from app.domain.conversation import Turn
from app.services.engine_host import HostState
from app.ui.app import Services, Session
from app.ui.chat.answer import AnswerView

PATIENCE_S = 30.0
ENOUGH_TOKENS = 12
CONTROLS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QLineEdit,
    QTextEdit,
    QPlainTextEdit,
)
T = TypeVar("T", bound=QWidget)


async def until(holds: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Let the window work until `holds()`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0.005)


class Desk:
    """What a person sees and does."""

    def __init__(self, session: Session, services: Services) -> None:
        self.session = session
        self.services = services
        self.window = session.window
        self.chat = session.chat
        self.transcript = session.window.transcript
        self.composer = session.window.composer

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.services.conversation.turns

    @property
    def worker_pid(self) -> int:
        worker = self.services.host.worker
        assert worker
        return worker.pid

    def write(self, text: str) -> None:
        self.composer.edit.setFocus()
        QTest.keyClicks(self.composer.edit, text)

    def press(self, key: Qt.Key) -> None:
        focused = QApplication.focusWidget()
        assert focused
        QTest.keyClick(focused, key)

    def find(self, kind: type[T], name: str) -> T:
        """The visible control that a person would call `name`."""
        found = [w for w in self.window.findChildren(kind) if name_of(w) == name and w.isVisible()]
        assert len(found) == 1, f"{len(found)} controls are called {name}"
        return found[0]

    def nameless_controls(self) -> list[str]:
        """What can be reached by keyboard or mouse and has no name."""
        controls = (*CONTROLS, QScrollBar)
        return [
            repr(widget)
            for kind in controls
            for widget in self.window.findChildren(kind)
            if not name_of(widget)
            and (kind is QAbstractButton or widget.focusPolicy() is not Qt.FocusPolicy.NoFocus)
        ]

    async def ready(self) -> None:
        await until(lambda: self.chat.status.value.state is HostState.READY)

    async def answered(self) -> Turn:
        """Wait for the answer under way; return its turn."""
        await until(lambda: self.turns and not self.services.conversation.answering)
        return self.turns[-1]

    async def ask(self, text: str) -> Turn:
        before = len(self.turns)
        self.write(text)
        self.press(Qt.Key.Key_Return)
        await until(lambda: len(self.turns) == before + 2)
        return await self.answered()

    async def ask_briefly(self, text: str) -> Turn:
        """Ask, and stop the answer once there is enough of it."""
        self.chat.turn_grew.connect(self._stop_when_long)
        try:
            return await self.ask(text)
        finally:
            self.chat.turn_grew.disconnect(self._stop_when_long)

    def _stop_when_long(self, _growth: object) -> None:
        if len(self.turns[-1].tokens) >= ENOUGH_TOKENS:
            self.press(Qt.Key.Key_Escape)

    def view(self, turn: Turn) -> AnswerView:
        view = self.transcript.answer(turn.id)
        assert view
        return view

    async def click(self, turn: Turn, index: int) -> None:
        """Click the middle of token `index` of an answer."""
        view = self.view(turn)
        text = next(t for t in view.texts() if t.holds(index))
        point = text.token_rect(index).center().toPoint()
        QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=point)
        await asyncio.sleep(0)


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name)


Scenario = Callable[[Desk], Awaitable[None]]
