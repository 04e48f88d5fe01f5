"""The chats at the left as a person uses them: real keys, the real store, the real model."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from app import paths
from app.domain.chats import TITLE_LENGTH, Node
from app.domain.conversation import TurnState
from app.services.store.chat_file import ChatFile
from app.ui.sidebar.list_model import ENTRY, text_of
from app.ui.viewmodels.chat_list import ChatEntry, Heading
from tests.services.store.turns import answer, question
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
WIDE, NARROW = 1300, 900


@pytest.fixture
def three_chats(profile: Path) -> None:
    """Chats 1 to 3, of which the third was used last."""
    file = ChatFile(paths.chats())
    file.open()
    for id, asked in enumerate(("Trains to Paris", "Sort numbers", "Colours"), 1):
        first = 10 * id
        said = answer(first + 1)
        file.keep(id, [Node(question(first, asked), None), Node(said, first)])
    file.close()


class Shelf:
    """The list at the left of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sidebar = desk.window.sidebar
        self.view = desk.window.sidebar.chats

    async def ready(self, width: int = WIDE) -> "Shelf":
        self.desk.window.resize(width, 800)
        await self.desk.ready()
        await until(lambda: self.titles() or self.sidebar.sentence)
        return self

    def entries(self) -> list[ChatEntry | Heading]:
        model = self.view.model()
        return [model.index(row, 0).data(ENTRY) for row in range(model.rowCount())]

    def chats(self) -> list[ChatEntry]:
        return [each for each in self.entries() if isinstance(each, ChatEntry)]

    def titles(self) -> list[str]:
        return [each.title.text for each in self.chats()]

    def open_title(self) -> list[str]:
        return [each.title.text for each in self.chats() if each.is_open]

    def click(self, title: str, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        QTest.mouseClick(self.view.viewport(), button, pos=self.place(title))

    def place(self, title: str) -> QPoint:
        row = [text_of(each) for each in self.entries()].index(title)
        return self.view.visualRect(self.view.model().index(row, 0)).center()

    async def found(self, text: str) -> list[str]:
        """What a search lists."""
        keys(self.desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        assert self.sidebar.field.hasFocus()
        QTest.keyClicks(self.sidebar.field, text)
        before = self.entries()
        await until(lambda: self.entries() != before or self.sidebar.sentence)
        await settled()
        return self.titles()


async def settled() -> None:
    """Let what was begun come to its end."""
    for _ in range(20):
        await asyncio.sleep(0.005)


def keys(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(widget, key, modifier)


def test_every_chat_is_listed_and_the_open_one_is_marked(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        assert shelf.entries()[0] == Heading("Today")
        assert shelf.titles() == ["Colours", "Sort numbers", "Trains to Paris"]
        assert shelf.open_title() == ["Colours"]
        shelf.click("Trains to Paris")
        await until(lambda: shelf.open_title() == ["Trains to Paris"])
        assert [turn.id for turn in desk.turns] == [10, 11]
        assert desk.nameless_controls() == []

    drive(scenario)


def test_a_new_chat_is_listed_with_its_first_question(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        keys(desk.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: desk.turns == ())
        assert shelf.open_title() == []
        await desk.ask_briefly("Hello  there")
        await until(lambda: shelf.titles()[0] == "Hello there")
        assert shelf.open_title() == ["Hello there"]

    drive(scenario)


def test_arrow_keys_and_enter_open_a_chat(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        shelf.view.setFocus()
        shelf.view.go_to_first()
        desk.press(Qt.Key.Key_Down)
        desk.press(Qt.Key.Key_Down)
        desk.press(Qt.Key.Key_Up)
        assert shelf.open_title() == ["Colours"]
        desk.press(Qt.Key.Key_Return)
        await until(lambda: shelf.open_title() == ["Sort numbers"])

    drive(scenario)


def test_a_search_lists_what_it_found_and_esc_ends_it(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        assert await shelf.found("par") == ["Trains to Paris"]
        desk.press(Qt.Key.Key_Return)
        await until(lambda: shelf.open_title() == ["Trains to Paris"])
        shelf.sidebar.field.setFocus()
        desk.press(Qt.Key.Key_Escape)
        await until(lambda: len(shelf.titles()) == 3)
        desk.press(Qt.Key.Key_Escape)
        assert desk.composer.edit.hasFocus()
        assert await shelf.found("zeppelin") == []
        assert shelf.sidebar.sentence == "No chat has “zeppelin”."

    drive(scenario)


def test_a_search_that_no_one_means_is_answered_in_a_sentence(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        shelf.sidebar.field.setText("a" * 10_000)
        await until(lambda: "10,000" in shelf.sidebar.sentence)
        shelf.sidebar.field.setText('" OR * NEAR(')
        await until(lambda: shelf.sidebar.sentence.startswith("No chat has"))
        shelf.sidebar.field.setText("sort")
        await until(lambda: shelf.titles() == ["Sort numbers"])

    drive(scenario)


def test_a_title_can_be_written_over_and_comes_back_after_a_restart(
    drive: Drive, three_chats: None
):
    async def first(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        shelf.view.setFocus()
        shelf.view.go_to_first()
        desk.press(Qt.Key.Key_F2)
        editor = shelf.view.findChild(QLineEdit)
        assert editor
        editor.setText("  New\nname \u202e" + "x" * 5000)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await until(lambda: shelf.titles()[0].startswith("New name xx"))
        assert len(shelf.titles()[0]) <= TITLE_LENGTH
        assert shelf.open_title() == [shelf.titles()[0]]
        for text in ("", " "):
            desk.session.chats.rename(shelf.chats()[0].chat, text)
        await settled()

    async def second(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        assert shelf.titles()[0].startswith("New name xx")

    drive(first)
    drive(second)


def test_esc_leaves_a_title_as_it_was(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        shelf.view.setFocus()
        shelf.view.go_to_first()
        desk.press(Qt.Key.Key_F2)
        editor = shelf.view.findChild(QLineEdit)
        assert editor
        QTest.keyClicks(editor, "Never mind")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        await settled()
        assert shelf.titles()[0] == "Colours"

    drive(scenario)


def test_a_deleted_chat_can_be_brought_back(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        before = desk.turns
        shelf.view.setFocus()
        shelf.view.go_to_first()
        desk.press(Qt.Key.Key_Delete)
        await until(lambda: shelf.titles() == ["Sort numbers", "Trains to Paris"])
        assert desk.turns == ()
        assert desk.transcript.welcome.isVisible()
        button = desk.find(QPushButton, "Bring the deleted chat back")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        await until(lambda: shelf.open_title() == ["Colours"])
        assert desk.turns == before
        assert not shelf.sidebar.undo.isVisible()

    drive(scenario)


def test_deleted_chats_are_gone_after_a_restart(drive: Drive, three_chats: None):
    async def first(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        for title in ("Colours", "Trains to Paris"):
            entry = next(each for each in shelf.chats() if each.title.text == title)
            desk.session.chats.delete(entry.chat)
            await until(lambda title=title: title not in shelf.titles())

    async def second(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        assert shelf.titles() == ["Sort numbers"]

    drive(first)
    drive(second)
    kept = b"".join(each.read_bytes() for each in paths.profile().glob("chats*"))
    assert b"Sort numbers" in kept
    assert b"Paris" not in kept


def test_the_open_chat_can_be_deleted_while_it_is_answered(drive: Drive):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        desk.write("What is 348 + 276?")
        desk.press(Qt.Key.Key_Return)
        await until(lambda: shelf.titles() and desk.turns[-1].tokens)
        desk.session.chats.delete(shelf.chats()[0].chat)
        await until(lambda: desk.turns == ())
        await until(lambda: shelf.sidebar.sentence.startswith("No chats yet."))
        turn = await desk.ask_briefly("Hello")
        assert turn.tokens
        await until(lambda: shelf.titles() == ["Hello"])

    drive(scenario)


def test_another_chat_can_be_opened_while_one_is_answered(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        desk.write("What is 348 + 276?")
        desk.press(Qt.Key.Key_Return)
        await until(lambda: desk.turns[-1].tokens and desk.turns[-1].state is TurnState.STREAMING)
        shelf.click("Sort numbers")
        await until(lambda: shelf.open_title() == ["Sort numbers"])
        assert not desk.services.conversation.answering
        shelf.click("Colours")
        await until(lambda: shelf.open_title() == ["Colours"])
        left = desk.turns[-1]
        assert left.tokens
        assert left.state in (TurnState.STOPPED, TurnState.FINISHED)

    drive(scenario)


def test_a_chat_that_is_gone_is_said_when_it_is_opened(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        before = desk.turns
        entry = shelf.chats()[-1]
        await desk.services.store.delete(entry.chat.id)
        desk.session.chats.open(entry)
        await until(lambda: desk.window.banner.isVisible())
        assert "deleted" in desk.window.banner.message.text()
        assert desk.turns == before

    drive(scenario)


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_what_cannot_be_stored_is_said_and_the_chat_stays_as_it_was(
    drive: Drive, three_chats: None, act: str
):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        before = desk.turns
        other = apsw.Connection(str(paths.chats()))
        other.execute("BEGIN IMMEDIATE")
        chat = shelf.chats()[0].chat
        if act == "rename":
            desk.session.chats.rename(chat, "Another")
        else:
            desk.session.chats.delete(chat)
        await until(lambda: desk.window.banner.isVisible())
        other.close()
        assert "cannot be stored" in desk.window.banner.message.text()
        desk.session.chats.refresh()
        await settled()
        assert shelf.titles() == ["Colours", "Sort numbers", "Trains to Paris"]
        assert desk.turns == before

    drive(scenario)


def test_the_menu_offers_what_the_keys_do(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        entry = shelf.chats()[1]
        index = shelf.view.model().index(2, 0)
        menu = shelf.view.menu(index, entry)
        assert isinstance(menu, QMenu)
        assert [each.text().split("\t")[0] for each in menu.actions()] == [
            "Open",
            "Rename",
            "Delete",
        ]
        menu.actions()[2].trigger()
        await until(lambda: shelf.titles() == ["Colours", "Trains to Paris"])
        menu.close()

    drive(scenario)


def test_a_narrow_window_puts_the_chats_away_and_shows_them_over_the_chat(
    drive: Drive, three_chats: None
):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready(NARROW)
        assert not shelf.sidebar.isVisible()
        assert desk.find(QPushButton, "New chat")
        keys(desk.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        assert shelf.sidebar.isVisible()
        assert shelf.view.hasFocus()
        width = desk.transcript.width()
        shelf.click("Sort numbers")
        await until(lambda: [turn.id for turn in desk.turns] == [20, 21])
        await until(lambda: not shelf.sidebar.isVisible())
        assert desk.transcript.width() == width
        keys(desk.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert shelf.sidebar.field.hasFocus()
        desk.composer.edit.setFocus()
        assert not shelf.sidebar.isVisible()
        keys(desk.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        desk.press(Qt.Key.Key_Escape)
        assert not shelf.sidebar.isVisible()
        assert desk.composer.edit.hasFocus()
        desk.window.resize(WIDE, 800)
        await until(shelf.sidebar.isVisible)

    drive(scenario)


def test_a_wide_window_shows_the_chats_until_they_are_put_away(drive: Drive, three_chats: None):
    async def scenario(desk: Desk) -> None:
        shelf = await Shelf(desk).ready()
        assert shelf.sidebar.isVisible()
        assert desk.find(QPushButton, "New chat")
        hide = desk.find(QToolButton, "Hide the chats")
        QTest.mouseClick(hide, Qt.MouseButton.LeftButton)
        assert not shelf.sidebar.isVisible()
        assert desk.find(QPushButton, "New chat")
        desk.window.resize(NARROW, 800)
        desk.window.resize(WIDE, 800)
        await settled()
        assert not shelf.sidebar.isVisible()
        QTest.mouseClick(desk.find(QToolButton, "Show the chats"), Qt.MouseButton.LeftButton)
        assert shelf.sidebar.isVisible()
        assert QApplication.focusWidget() is not None

    drive(scenario)
