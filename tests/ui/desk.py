"""A person in front of the window: real keys, real clicks, and the patience to wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QWidget,
)

from app.domain.conversation import Turn
from app.services.engine_host import HostState
from app.ui.app import Session
from app.ui.chat.answer import AnswerView
from app.ui.window_models import Services

PATIENCE_S = 60.0
ENOUGH_TOKENS = 12
Role = QAccessible.Role
CONTROLS = {
    Role.Button, Role.CheckBox, Role.RadioButton, Role.Slider, Role.SpinBox, Role.EditableText,
    Role.ComboBox, Role.ScrollBar, Role.List, Role.ListItem, Role.MenuItem, Role.ProgressBar,
    Role.PageTab, Role.Table, Role.Link, Role.Dialog, Role.Window,
}  # fmt: skip
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
        """What can be reached by keyboard or mouse and has no name, in every window there is."""
        return [
            f"{each.role().name} of {owner(each)}"
            for window in (self.window, *self.window.findChildren(QDialog))
            for each in accessible(window)
            if is_control(each) and not each.text(QAccessible.Text.Name).strip()
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


def accessible(widget: QWidget) -> Iterator[QAccessibleInterface]:
    """What a screen reader is told of a widget and of all in it, hidden parts and dialogs too."""
    waiting = [QAccessible.queryAccessibleInterface(widget)]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += filter(None, (each.child(place) for place in range(each.childCount())))


def is_control(interface: QAccessibleInterface) -> bool:
    """Whether it can be used, and so needs a name."""
    return interface.role() in CONTROLS or bool(interface.state().focusable)


def owner(interface: QAccessibleInterface) -> str:
    """The widget it is, or is in."""
    place: QAccessibleInterface | None = interface
    while place and not place.object():
        place = place.parent()
    return repr(place.object()) if place else "nothing"


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name)


Scenario = Callable[[Desk], Awaitable[None]]
