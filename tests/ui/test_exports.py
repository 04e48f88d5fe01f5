"""Exports and imports as a person does them: from the menu, through a file dialog."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.services.exports.document import read
from tests.ui.desk import Desk, until

Drive = Callable[..., None]


def choose(desk: Desk, text: str) -> None:
    """Use an entry of the tools' menu."""
    entries = {action.text(): action for action in desk.window.header.tools.entries.actions()}
    entries[text].trigger()


async def answer_dialog(desk: Desk, path: Path, filter: str = "") -> None:
    """Choose a file as a person would."""
    await until(lambda: desk.window.findChildren(QFileDialog))
    (dialog,) = desk.window.findChildren(QFileDialog)
    if filter:
        dialog.selectNameFilter(filter)
        dialog.filterSelected.emit(filter)
    dialog.selectFile(str(path))
    assert not desk.nameless_controls()
    dialog.accept()
    await until(lambda: not desk.window.findChildren(QFileDialog))


def test_a_chat_goes_to_a_file_and_comes_back_as_another_chat(drive: Drive, tmp_path: Path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        banner = desk.window.banner
        choose(desk, "Export this chat…")
        assert banner.message.text() == "This chat has nothing to export yet."
        said = await desk.ask("What is 12 + 7?")
        choose(desk, "Export the selected answer…")
        assert banner.message.text() == "No answer is selected."
        desk.chat.regenerate(said.id)
        await until(lambda: desk.services.conversation.answering)
        other = await desk.answered()

        QTest.keyClick(desk.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        await answer_dialog(desk, tmp_path / "chat")
        await until(lambda: banner.message.text() == "Exported to chat.json.")
        (exported,) = read(tmp_path / "chat.json").chats
        assert [node.turn for node in exported.nodes[1:]] == [said, other]

        desk.chat.selection.pick(other.id, 0)
        choose(desk, "Export the selected answer…")
        await answer_dialog(desk, tmp_path / "answer", "A page for any browser (*.html)")
        await until(lambda: banner.message.text() == "Exported to answer.html.")
        assert b"What is 12 + 7?" in (tmp_path / "answer.html").read_bytes()

        before = desk.services.conversation.chat_id
        choose(desk, "Import chats…")
        await answer_dialog(desk, tmp_path / "chat.json")
        await until(lambda: desk.services.conversation.chat_id not in (before, None))
        assert desk.turns[-1].tokens == other.tokens
        assert desk.turns[-1].id != other.id
        assert len(await desk.services.store.chats()) == 2

        (tmp_path / "none.json").write_text("{}")
        choose(desk, "Import chats…")
        await answer_dialog(desk, tmp_path / "none.json")
        await until(lambda: banner.message.text() == "This is no export of Candor.")

    drive(scenario)
