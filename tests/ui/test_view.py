"""The menu of how answers are read: what it shows, what it changes, and that it is kept."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from app.domain.heat import Face, HeatMode, Palette, Reading
from app.services.settings import PALETTE, READING
from app.ui.view_menu import ViewMenu
from tests.ui.desk import Desk

Drive = Callable[..., None]


def entry(desk: Desk, text: str) -> QAction:
    """Open the menu by its keys; return the entry with this text."""
    window = desk.window
    for old in window.findChildren(ViewMenu):
        old.close()
    QTest.keyClick(
        window,
        Qt.Key.Key_V,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    menu = window.findChildren(ViewMenu)[-1]
    assert menu.isVisible()
    found = [action for action in menu.actions() if action.text() == text]
    assert len(found) == 1
    return found[0]


def choose(desk: Desk, text: str) -> None:
    action = entry(desk, text)
    action.trigger()
    desk.window.findChildren(ViewMenu)[-1].close()


def test_the_menu_changes_how_answers_are_read(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask("What is the capital of France?")
        view = desk.view(turn)
        plain, height = view.answer.toPlainText(), view.answer.height()
        choose(desk, Face.RAW.value)
        assert "I␣" not in plain
        assert "␣do" in view.answer.toPlainText()
        last = len(turn.tokens) - 1
        await desk.click(turn, last - 3)
        assert desk.chat.selection.current
        assert desk.chat.selection.current.index == last - 3
        choose(desk, Face.TOKENS.value)
        assert view.answer.toPlainText() == plain
        choose(desk, "Numbers below the words")
        assert view.answer.height() > height
        desk.chat.heat.choose(HeatMode.PROBABILITY)
        marked = [i for i in range(len(turn.tokens)) if is_marked(desk, i)]
        assert marked
        choose(desk, "Under 5 %")
        assert [i for i in range(len(turn.tokens)) if is_marked(desk, i)] == []
        assert entry(desk, "Under 5 %").isChecked()
        desk.services.settings.set(PALETTE, Palette.GREY)
        assert desk.services.settings.get(READING) == Reading(numbers=True, over=3)
        desk.chat.heat.choose(HeatMode.NOTHING)
        assert not entry(desk, Face.RAW.value).isEnabled()

    drive(scenario)


def is_marked(desk: Desk, index: int) -> bool:
    answer = desk.view(desk.turns[-1]).answer
    return answer.holds(index) and answer.colour_at(index) is not None
