"""Questions written anew and answers written again, by mouse and keyboard in the real window."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton

from app.domain.conversation import TurnState
from tests.ui.desk import Desk, Scenario, until

Drive = Callable[[Scenario], None]
QUESTION = "What is 348 + 276?"
BEFORE, AFTER = "Version of the {} before this one", "Version of the {} after this one"


def click(desk: Desk, name: str) -> None:
    QTest.mouseClick(desk.find(QPushButton, name), Qt.MouseButton.LeftButton)


def versions(desk: Desk, turn_id: int) -> str:
    """What stands between the arrows under an answer."""
    view = desk.transcript.answer(turn_id)
    assert view
    return view.action_row.findChildren(type(desk.window.banner.message))[0].text()


def editor(desk: Desk) -> QPlainTextEdit:
    return desk.find(QPlainTextEdit, "Edit your question")


def test_regenerate_writes_another_answer_and_the_arrows_step_through_both(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        first = await desk.ask_briefly(QUESTION)
        await desk.click(first, 0)
        click(desk, "Regenerate")
        await until(lambda: desk.turns[-1].id != first.id)
        second = await desk.answered()
        await until(lambda: versions(desk, second.id) == "2 of 2")
        assert desk.transcript.answer(first.id) is None
        assert desk.chat.selection.current is None
        click(desk, BEFORE.format("answer"))
        await until(lambda: desk.turns[-1] == first)
        assert versions(desk, first.id) == "1 of 2"
        assert not desk.find(QPushButton, BEFORE.format("answer")).isEnabled()
        assert desk.view(first).reasoning.body.toPlainText() == first.reasoning
        click(desk, AFTER.format("answer"))
        await until(lambda: desk.turns[-1] == second)
        assert desk.nameless_controls() == []

    drive(scenario)


@pytest.mark.parametrize("place", [0, 1], ids=["question", "answer"])
def test_the_keyboard_steps_through_versions_without_leaving_the_arrow(drive: Drive, place: int):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        for _ in range(2):
            turn = desk.turns[place]
            if place:
                desk.chat.regenerate(turn.id)
            else:
                desk.chat.edit(turn.id, "Hello")
            await until(lambda turn=turn: turn not in desk.turns and len(desk.turns) == 2)
            await desk.answered()
        kept = [desk.turns[place].id]
        await until(lambda: desk.transcript.message(desk.turns[place].id))
        desk.find(QPushButton, BEFORE.format("question" if place == 0 else "answer")).setFocus()
        for _ in range(2):
            desk.press(Qt.Key.Key_Space)
            await until(lambda: desk.turns[place].id != kept[-1])
            kept.append(desk.turns[place].id)
        assert kept == sorted(kept, reverse=True)
        desk.press(Qt.Key.Key_Space)  # the arrow has ended, so the keyboard is at the other one
        await until(lambda: desk.turns[place].id == kept[1])

    drive(scenario)


def test_the_next_answer_takes_the_sliders_as_they_are(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.window.sampling.temperature.field.setValue(2.0)
        first = await desk.ask_briefly(QUESTION)
        desk.window.sampling.temperature.field.setValue(0.0)
        desk.chat.regenerate(first.id)
        await until(lambda: desk.turns[-1].id != first.id)
        second = await desk.answered()
        assert {token.rank for token in second.tokens} == {1}

    drive(scenario)


def test_up_in_the_empty_field_edits_the_last_question(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        before = desk.turns
        desk.composer.edit.setFocus()
        desk.press(Qt.Key.Key_Up)
        assert editor(desk).hasFocus()
        assert editor(desk).toPlainText() == QUESTION
        QTest.keyClicks(editor(desk), " And 1 more?")
        desk.press(Qt.Key.Key_Return)
        await until(lambda: len(desk.turns) == 2 and desk.turns[0] != before[0])
        await desk.answered()
        assert desk.turns[0].text == f"{QUESTION} And 1 more?"
        assert desk.composer.edit.hasFocus()
        click(desk, BEFORE.format("question"))
        await until(lambda: desk.turns == before)

    drive(scenario)


def test_up_in_a_field_with_words_stays_there(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        desk.write("half a")
        desk.press(Qt.Key.Key_Up)
        assert desk.composer.edit.hasFocus()
        desk.composer.edit.clear()
        desk.chat.stop()

    drive(scenario)


def test_esc_leaves_the_question_as_it_was(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        before = desk.turns
        click(desk, "Edit the question")
        QTest.keyClicks(editor(desk), "changed")
        desk.press(Qt.Key.Key_Escape)
        assert desk.composer.edit.hasFocus()
        assert desk.find(QPushButton, "Edit the question")
        click(desk, "Edit the question")
        assert editor(desk).toPlainText() == QUESTION
        click(desk, "Cancel")
        assert desk.turns == before

    drive(scenario)


def test_an_empty_question_cannot_be_sent(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        before = desk.turns
        click(desk, "Edit the question")
        editor(desk).setPlainText("  \n ")
        assert not desk.find(QPushButton, "Send the edited question").isEnabled()
        desk.press(Qt.Key.Key_Return)
        assert desk.turns == before
        QApplication.clipboard().setText("a" * 300_000)
        editor(desk).paste()
        QApplication.clipboard().clear()
        assert "300,000" in desk.window.banner.message.text()

    drive(scenario)


def test_an_edit_while_it_answers_stops_and_keeps_the_answer(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.write(QUESTION)
        desk.press(Qt.Key.Key_Return)
        await until(lambda: len(desk.turns) == 2 and desk.turns[-1].tokens)
        first = desk.turns[0].id
        desk.chat.edit(first, "Hello")
        await until(lambda: desk.turns[0].text == "Hello" and len(desk.turns) == 2)
        await desk.answered()
        click(desk, BEFORE.format("question"))
        await until(lambda: desk.turns[0].id == first)
        assert desk.turns[1].state in (TurnState.STOPPED, TurnState.FINISHED)
        assert desk.turns[1].tokens

    drive(scenario)


def test_a_failed_answer_can_be_tried_again(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.composer.edit.setPlainText("colour " * 5_000)
        desk.composer.edit.setFocus()
        desk.press(Qt.Key.Key_Return)
        await until(lambda: len(desk.turns) == 2)
        failed = await desk.answered()
        assert failed.state is TurnState.FAILED
        click(desk, "Try again")
        await until(lambda: desk.turns[-1].id != failed.id)
        again = await desk.answered()
        assert again.state is TurnState.FAILED
        await until(lambda: desk.view(again).note)
        assert not desk.window.banner.isVisible()

    drive(scenario)


def test_a_copied_text_is_on_the_clipboard_and_said(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        click(desk, "Copy the answer")
        assert QApplication.clipboard().text() == turn.text
        assert desk.find(QPushButton, "Copy the answer").text() == "Copied"
        click(desk, "Copy the question")
        assert QApplication.clipboard().text() == QUESTION
        QApplication.clipboard().clear()

    drive(scenario)


def test_nothing_is_asked_while_there_is_no_model(drive: Callable[..., None], tmp_path):
    async def first(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)

    async def second(desk: Desk) -> None:
        await until(lambda: desk.window.banner.isVisible())
        assert not desk.find(QPushButton, "Regenerate").isEnabled()
        assert not desk.find(QPushButton, "Edit the question").isEnabled()
        assert desk.find(QPushButton, "Copy the question").isEnabled()

    drive(first)
    drive(second, str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["Copy the question", "Edit the question"])
def test_the_tab_key_comes_to_what_can_be_done_with_a_message(drive: Drive, name: str):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        desk.composer.edit.setFocus()
        for _ in range(15):
            focused = QApplication.focusWidget()
            assert focused
            if focused is desk.find(QPushButton, name):
                return
            QTest.keyClick(focused, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
        raise AssertionError(f"{name} was not reached")

    drive(scenario)
