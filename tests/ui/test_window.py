"""The window as a person uses it, on the real model in the real worker."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.domain.conversation import Turn, TurnGrew, TurnState
from app.domain.heat import HeatMode
from app.domain.tokens import Channel
from app.services.engine_host import HostState
from app.ui.chat.token_page import TokenPage
from app.ui.chat.token_text import TokenText
from app.ui.chat.welcome import SUGGESTIONS
from app.ui.panes.bars import elided
from app.ui.panes.curve import Curve
from app.ui.panes.token import facts
from app.ui.theme.palette import heat_colour
from app.ui.theme.style import Appearance
from app.ui.viewmodels.alternatives import rows
from app.ui.viewmodels.figures import figures, trace_title
from app.ui.viewmodels.heat import SCALES, heat_step
from app.ui.viewmodels.landmarks import Landmark
from app.ui.viewmodels.landmarks import count as count_of
from app.ui.viewmodels.selection import Selected
from tests.ui.desk import Desk, Scenario, until

Drive = Callable[[Scenario], None]
QUESTION = "What is 348 + 276?"
# An honest "I do not know" has two wordings, so one of its tokens is always near one bit.
UNSURE = "What is the capital of France?"


def test_typing_and_enter_ask_and_the_answer_is_shown_token_by_token(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        view = desk.view(turn)
        assert desk.turns[0].text == QUESTION
        assert view.answer.toPlainText() == turn.text
        assert view.reasoning.body.toPlainText() == turn.reasoning
        assert view.reasoning.body.token_count == turn.count(Channel.REASONING)
        assert desk.composer.edit.toPlainText() == ""
        assert turn.usage
        used = turn.usage.prompt_tokens + turn.usage.completion_tokens
        assert desk.chat.status.value.context_used == used

    drive(scenario)


def test_shift_enter_begins_a_line(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.write("one")
        QTest.keyClick(desk.composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        desk.write("two")
        assert desk.composer.edit.toPlainText() == "one\ntwo"
        assert desk.turns == ()

    drive(scenario)


def test_a_click_on_a_token_shows_its_record(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        shown = [i for i, t in enumerate(turn.tokens) if t.start < t.end and t.text.strip()]
        for index in (shown[0], shown[-1]):
            await desk.click(turn, index)
            pane = desk.window.token
            token = turn.tokens[index]
            selected = Selected(turn.id, index, len(turn.tokens), token)
            assert desk.chat.selection.current == selected
            numbers = {name: value.text() for name, value in pane.numbers.items()}
            assert numbers == facts(selected)
            await until(lambda: desk.chat.replay.value.replayed)
            shown = rows(token, desk.chat.replay.value.replayed)
            texts = [(elided(row.text), row.number, row.sampled_number) for row in shown]
            assert pane.bars.texts() == texts

    drive(scenario)


def test_arrow_keys_walk_through_reasoning_and_answer(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        desk.view(turn).reasoning.body.setFocus()
        desk.press(Qt.Key.Key_Right)
        walked = [desk.chat.selection.current]
        for _ in turn.tokens[1:]:
            desk.press(Qt.Key.Key_Right)
            walked.append(desk.chat.selection.current)
        assert [selected.index for selected in walked if selected] == list(range(len(turn.tokens)))
        desk.press(Qt.Key.Key_Left)
        assert desk.chat.selection.current
        assert desk.chat.selection.current.index == len(turn.tokens) - 2

    drive(scenario)


def test_the_tab_key_goes_back_from_the_question_to_the_last_answer(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly(QUESTION)
        turn = await desk.ask(QUESTION)
        desk.composer.edit.setFocus()
        QTest.keyClick(desk.composer.edit, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert desk.view(turn).isAncestorOf(focused)
        desk.press(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is desk.composer.edit

    drive(scenario)


@pytest.mark.parametrize("mode", [mode for mode in HeatMode if mode is not HeatMode.NOTHING])
def test_tokens_wear_the_colour_of_their_number(
    drive: Drive, appearance: Appearance, mode: HeatMode
):
    theme = appearance.theme

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.window.sampling.temperature.field.setValue(2.0)
        turn = await desk.ask(QUESTION)
        desk.chat.heat.choose(mode)
        view = desk.view(turn)
        for index, token in enumerate(turn.tokens):
            if token.text.isalnum() and token.logprob is not None:
                text = next(t for t in view.texts() if t.holds(index))
                ground = theme.window if text is view.answer else theme.surface
                step = heat_step(mode, [token])
                expected = heat_colour(theme, step, ground) if step else None
                assert text.colour_at(index) == expected

    drive(scenario)


def test_the_mode_can_change_at_any_moment_of_an_answer(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        modes = list(HeatMode)

        def change(_growth: object) -> None:
            modes.append(modes.pop(0))
            desk.chat.heat.choose(modes[0])

        desk.chat.turn_grew.connect(change)
        turn = await desk.ask(QUESTION)
        view = desk.view(turn)
        for mode in HeatMode:
            desk.chat.heat.choose(mode)
            rendered = mode is HeatMode.NOTHING
            assert isinstance(view.answer, TokenText) is not rendered
            assert view.answer.toPlainText().split() == turn.text.split()
            for text in view.texts()[:-1] if rendered else view.texts():
                assert spans(text, turn) == [
                    turn.channel_text(turn.tokens[index].channel)[
                        turn.tokens[index].start : turn.tokens[index].end
                    ]
                    for index in range(len(turn.tokens))
                    if text.holds(index)
                ]
        desk.chat.heat.choose(HeatMode.NOTHING)

    drive(scenario)


def spans(text: TokenPage, turn: Turn) -> list[str]:
    """What lies under each token in the text on the screen."""
    cursor, found = text.textCursor(), list[str]()
    for index in range(len(turn.tokens)):
        if text.holds(index):
            start, end = text.run.span(index)
            cursor.setPosition(start)
            cursor.setPosition(end, cursor.MoveMode.KeepAnchor)
            found.append(cursor.selection().toPlainText())
    return found


def test_keys_and_clicks_choose_what_colours(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        for place, mode in enumerate(HeatMode, 1):
            key = Qt.Key(Qt.Key.Key_0.value + place)
            QTest.keyClick(desk.composer.edit, key, Qt.KeyboardModifier.ControlModifier)
            assert desk.chat.heat.mode is mode
            assert desk.find(QPushButton, f"Colour words by {mode.lower()}").isChecked()
            scale = SCALES[mode]
            shown = (desk.window.legend.scale.calm.text(), desk.window.legend.scale.hot.text())
            assert shown == (scale.calm, scale.hot)
        button = desk.find(QPushButton, "Colour words by entropy")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert desk.chat.heat.mode is HeatMode.ENTROPY
        QTest.keyClick(button, Qt.Key.Key_Right)
        assert desk.find(QPushButton, "Colour words by rank").hasFocus()

    drive(scenario)


def check_curve(desk: Desk, turn: Turn) -> None:
    """The thought's own curve has its highest entropy and its decision points; a click goes there.

    It was drawn as the thought grew, and is the same as one that is drawn at once.
    """
    curve = desk.view(turn).reasoning.curve
    thought = [token for token in turn.tokens if token.channel is Channel.REASONING]
    fresh = Curve()
    fresh.show_answer(1, thought)
    assert (curve.heights, curve.forks) == (fresh.heights, fresh.forks)
    assert len(curve.forks) == count_of(Landmark.FORK, thought)
    assert curve.accessibleName() == fresh.accessibleName()
    assert f"{len(thought)} tokens" in curve.accessibleName()
    place = QPoint(round(curve.x_of(len(thought) - 2)), 4)
    QTest.mouseClick(curve, Qt.MouseButton.LeftButton, pos=place)
    chosen = desk.chat.selection.current
    assert chosen
    assert chosen.token == thought[-2]
    assert desk.view(turn).reasoning.body.selected == chosen.index


def test_reasoning_and_figures_say_what_the_turn_says(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        titles: list[str] = []
        desk.chat.turn_grew.connect(
            lambda growth: titles.append(reasoning_of(desk, growth.turn_id))
        )
        turn = await desk.ask(QUESTION)
        view = desk.view(turn)
        assert any(title.startswith("Reasoning · ") for title in titles)
        assert view.reasoning.heading.text() == trace_title(turn)
        check_curve(desk, turn)
        assert [each.text() for each in view.footer.labels] == [f.text for f in figures(turn)]
        names = [each.accessibleName() for each in view.footer.labels]
        assert any("geometric mean" in name for name in names)

    drive(scenario)


def test_a_thought_can_be_limited_and_ended(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        pane = desk.window.reasoning
        for wrong in ("-1", "2000000", "some"):
            pane.budget.field.setText(wrong)
            pane.budget.field.editingFinished.emit()
            assert pane.budget.complaint.isVisible()
            assert "It stays by the effort." in pane.budget.complaint.text()
        assert desk.chat.sampling.budget is None
        pane.budget.field.setText("900000")
        pane.budget.field.editingFinished.emit()
        high = desk.find(QPushButton, "Reasoning high")
        assert high.toolTip() == "At most 2,048 tokens of reasoning"
        pane.closing.setText("a </think> b")
        pane.closing.editingFinished.emit()
        failed = await desk.ask("Hello")
        assert failed.state is TurnState.FAILED
        assert "one of the model's own signs. Write another closing" in failed.note
        pane.budget.field.clear()
        QTest.keyClicks(pane.budget.field, "500")
        pane.budget.field.editingFinished.emit()
        pane.closing.setText("Done thinking.")
        pane.closing.editingFinished.emit()
        titles: list[str] = []

        def end(growth: TurnGrew) -> None:
            titles.append(reasoning_of(desk, growth.turn_id))
            if len(titles) == 3:
                view = desk.transcript.answer(growth.turn_id)
                assert view
                assert view.reasoning.now.isVisible()
                view.reasoning.now.click()

        desk.chat.turn_grew.connect(end)
        turn = await desk.ask("What is 4712 * 3689?")
        assert any(title.endswith("of 500 tokens") for title in titles)
        assert turn.reasoning.endswith("\nDone thinking.\n")
        assert turn.text
        assert not desk.view(turn).reasoning.now.isVisible()

    drive(scenario)


def test_an_unsure_answer_is_asked_again_with_reasoning(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        QTest.mouseClick(desk.find(QPushButton, "Reasoning auto"), Qt.MouseButton.LeftButton)
        desk.chat.sampling.set("temperature", 0.0)
        await desk.ask("What is 47 * 36?")
        await until(lambda: "thoughtful: Kept" in desk.turns[-1].note)
        assert desk.turns[-1].text == "1692"
        assert desk.turns[-1].reasoning
        await desk.services.conversation.step(desk.turns[-1].id, -1)
        assert desk.turns[-1].text != "1692"
        assert "Asked further" in desk.turns[-1].note
        assert desk.turns[-1].reasoning == ""

    drive(scenario)


def reasoning_of(desk: Desk, turn_id: int) -> str:
    view = desk.transcript.answer(turn_id)
    return view.reasoning.heading.text() if view else ""


def test_the_page_keys_scroll_the_conversation_while_one_writes(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        for _ in range(4):
            await desk.ask_briefly(QUESTION)
        desk.window.resize(900, 520)
        bar = desk.transcript.verticalScrollBar()
        await until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
        desk.composer.edit.setFocus()
        desk.press(Qt.Key.Key_PageUp)
        assert bar.value() < bar.maximum()
        desk.press(Qt.Key.Key_PageDown)
        assert bar.value() == bar.maximum()

    drive(scenario)


def test_escape_stops_the_answer_and_keeps_it(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.chat.turn_grew.connect(lambda _: desk.press(Qt.Key.Key_Escape))
        turn = await desk.ask(QUESTION)
        assert turn.state is TurnState.STOPPED
        assert turn.tokens
        assert desk.view(turn).note.startswith("Stopped.")
        assert desk.composer.send.isVisible()
        assert not desk.composer.stop.isVisible()

    drive(scenario)


def test_a_killed_worker_leaves_the_partial_answer_and_the_next_question_works(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        victims = [desk.worker_pid]
        desk.chat.turn_grew.connect(
            lambda _: [os.kill(victims.pop(), signal.SIGKILL) for _ in victims[:]]
        )
        turn = await desk.ask(QUESTION)
        assert turn.state is TurnState.INTERRUPTED
        assert turn.tokens
        await until(lambda: desk.view(turn).note.endswith("has been restarted."))
        assert "Your text is safe." in desk.view(turn).note
        await desk.ready()
        following = await desk.ask(QUESTION)
        assert following.state is TurnState.FINISHED

    drive(scenario)


def test_sliders_change_how_the_next_answer_is_sampled(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        pane = desk.window.sampling
        pane.temperature.slider.setFocus()
        desk.press(Qt.Key.Key_Home)
        assert desk.chat.sampling.params.temperature == 0
        greedy = await desk.ask_briefly(QUESTION)
        assert {token.rank for token in greedy.tokens} == {1}
        desk.chat.sampling.reset()
        pane.top_p.field.setValue(0.0)
        assert desk.chat.sampling.params.temperature > 0
        narrow = await desk.ask_briefly(QUESTION)
        assert {token.rank for token in narrow.tokens} == {1}

    drive(scenario)


def test_reasoning_can_be_switched_off(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        button = desk.find(QPushButton, "Reasoning off")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        turn = await desk.ask(QUESTION)
        assert turn.reasoning == ""
        assert not desk.view(turn).reasoning.isVisible()

    drive(scenario)


def test_a_suggestion_is_one_click_away(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        button = desk.find(QPushButton, SUGGESTIONS[0])
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        await until(lambda: len(desk.turns) == 2)
        assert desk.turns[0].text == SUGGESTIONS[0]
        assert not desk.transcript.welcome.isVisible()
        await desk.answered()

    drive(scenario)


def test_a_new_chat_is_empty_and_forgets_the_selection(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        await desk.click(turn, 0)
        QTest.mouseClick(desk.find(QPushButton, "New chat"), Qt.MouseButton.LeftButton)
        await until(lambda: desk.turns == ())
        assert desk.transcript.welcome.isVisible()
        assert desk.chat.selection.current is None
        assert desk.chat.status.value.context_used == 0
        assert (await desk.ask(QUESTION)).state is TurnState.FINISHED

    drive(scenario)


def test_a_question_too_long_for_the_context_comes_back_with_a_sentence(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        long = "colour " * 5_000
        desk.composer.edit.setPlainText(long)
        desk.composer.edit.setFocus()
        desk.press(Qt.Key.Key_Return)
        await until(lambda: len(desk.turns) == 2)
        turn = await desk.answered()
        await until(lambda: desk.composer.edit.toPlainText())
        assert turn.state is TurnState.FAILED
        assert "2,048" in desk.view(turn).note
        assert desk.composer.edit.toPlainText() == long.strip()

    drive(scenario)


def test_fifty_million_pasted_characters_are_refused_in_a_sentence(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        QApplication.clipboard().setText("a" * 50_000_000)
        desk.composer.edit.paste()
        QApplication.clipboard().clear()
        assert desk.composer.edit.toPlainText() == ""
        assert desk.window.banner.isVisible()
        assert "50,000,000" in desk.window.banner.message.text()
        QTest.mouseClick(desk.find(QPushButton, "Dismiss"), Qt.MouseButton.LeftButton)
        assert not desk.window.banner.isVisible()

    drive(scenario)


def test_a_missing_model_is_said_and_can_be_tried_again(drive: Callable[..., None], tmp_path):
    async def scenario(desk: Desk) -> None:
        await until(lambda: desk.window.banner.isVisible())
        assert desk.window.banner.message.text()
        assert not desk.composer.send.isEnabled()
        assert desk.chat.status.value.state is HostState.FAILED

    drive(scenario, str(tmp_path / "nowhere"))


def test_closing_ends_the_worker_even_while_it_answers(drive: Drive):
    pids: list[int] = []

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        pids.append(desk.worker_pid)
        desk.write(QUESTION)
        desk.press(Qt.Key.Key_Return)
        await asyncio.sleep(0.03)

    drive(scenario)
    assert not process_lives(pids[0])


@pytest.mark.expects_log
def test_an_error_of_ours_is_told_in_the_window_and_leaves_it_usable(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()

        def break_off(_growth: object) -> None:
            desk.chat.turn_grew.disconnect(break_off)
            raise RuntimeError("broken on purpose")

        desk.chat.turn_grew.connect(break_off)
        turn = await desk.ask(QUESTION)
        assert turn.state is TurnState.FINISHED
        await until(lambda: desk.window.banner.isVisible())
        assert "broken on purpose" not in desk.window.banner.message.text()
        assert (await desk.ask(QUESTION)).state is TurnState.FINISHED

    drive(scenario)


def test_the_theme_can_change_while_one_reads(drive: Drive, appearance: Appearance):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(UNSURE)
        coloured = next(
            (text, index)
            for text in desk.view(turn).texts()
            for index in range(len(turn.tokens))
            if text.holds(index) and text.colour_at(index)
        )
        seen = set()
        for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
            appearance.choose(scheme)
            seen.add((appearance.theme.dark, coloured[0].colour_at(coloured[1])))
        appearance.choose(Qt.ColorScheme.Unknown)
        assert len(seen) == 2
        assert len({colour for _, colour in seen}) == 2

    drive(scenario)


@pytest.mark.parametrize("mode", [HeatMode.SURPRISE, HeatMode.NOTHING])
def test_a_screen_reader_gets_the_text_of_an_answer(drive: Drive, mode: HeatMode):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.chat.heat.choose(mode)
        turn = await desk.ask(QUESTION)
        interface = QAccessible.queryAccessibleInterface(desk.view(turn).body.face)
        words = interface.textInterface()
        assert words.text(0, words.characterCount()).split() == turn.text.split()
        assert interface.text(QAccessible.Text.Name) == "Answer"

    drive(scenario)


def test_every_control_has_a_name_for_screen_readers(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask(QUESTION)
        await desk.click(turn, 0)
        assert desk.nameless_controls() == []

    drive(scenario)


def process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
