"""The right pane as a person uses it: a token's bars follow the sliders, or say why not."""

import asyncio
import math
import os
import signal
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit, QPushButton, QSlider

from app import paths
from app.domain.conversation import Turn
from app.domain.reasoning import Effort
from app.domain.sampling import SamplingParams
from app.errors import ModelNotFound
from app.ui.panes.token import INVITATION, RECOMPUTING
from app.ui.viewmodels.alternatives import rows
from app.ui.viewmodels.record_text import COLUMNS
from app.ui.viewmodels.replay import NO_MODEL, STORED
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
# An honest "I do not know" has two wordings, so one of its tokens is always near one bit.
UNSURE = "What is the capital of France?"


async def look_at_the_unsure_token(desk: Desk) -> Turn:
    """Ask, and select the token that was least sure, its replay included."""
    turn = desk.turns[-1] if desk.turns else await desk.ask(UNSURE)
    entropies = [token.entropy or 0.0 for token in turn.tokens]
    await desk.click(turn, entropies.index(max(entropies)))
    return turn


async def replayed(desk: Desk) -> None:
    """Wait until the bars are those of the sliders."""
    model = desk.chat.replay
    await until(lambda: model.value.replayed and model.settled)


def sampled(desk: Desk) -> list[str]:
    return [number for _, _, number in desk.window.token.bars.texts()]


def test_a_slider_moved_by_keyboard_reshapes_the_bars(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        before = sampled(desk)
        assert len([number for number in before if number != "cut"]) >= 2
        desk.find(QSlider, "Temperature").setFocus()
        desk.press(Qt.Key.Key_Home)
        await until(lambda: sampled(desk) != before)
        await replayed(desk)
        assert sampled(desk) == ["1.000", *["cut"] * (len(before) - 1)]
        assert desk.window.sampling.remark.isVisible()
        desk.press(Qt.Key.Key_End)
        await until(lambda: sampled(desk)[0] not in ("1.000", before[0]))
        found = desk.chat.replay.value.replayed
        assert found
        total = math.fsum(
            math.exp(a.sampled_logprob) for a in found.alternatives if a.sampled_logprob is not None
        )
        assert total + found.sampled_tail == pytest.approx(1)

    drive(scenario)


def test_many_moves_end_in_the_bars_of_the_last_one(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await look_at_the_unsure_token(desk)
        slider = desk.find(QSlider, "Temperature")
        for value in [*range(0, 200, 3), 140]:
            slider.setValue(value)
            if value % 9 == 0:
                await asyncio.sleep(0)
        await replayed(desk)
        selected = desk.chat.selection.current
        assert selected
        fresh = await desk.chat.answers.replayer.replay(
            desk.turns, turn.id, selected.index, desk.chat.sampling.params
        )
        assert desk.chat.sampling.params.temperature == pytest.approx(1.4)
        assert desk.chat.replay.value.replayed == fresh

    drive(scenario)


def test_a_slow_worker_is_waited_for_in_a_word(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await look_at_the_unsure_token(desk)
        await replayed(desk)
        os.kill(desk.worker_pid, signal.SIGSTOP)
        try:
            await desk.click(turn, len(turn.tokens) - 2)
            await until(lambda: desk.window.token.outcome.text() == RECOMPUTING)
            check_stored(desk)
        finally:
            os.kill(desk.worker_pid, signal.SIGCONT)
        await replayed(desk)
        assert "left after sampling" in desk.window.token.outcome.text()

    drive(scenario)


def test_the_bars_say_themselves(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        value = desk.chat.replay.value
        assert value.selected
        shown = rows(value.selected.token, value.replayed)
        assert desk.window.token.bars.spoken() == [row.spoken for row in shown]
        assert all(
            " percent after sampling" in row or "cut" in row
            for row in desk.window.token.bars.spoken()
        )

    drive(scenario)


def test_neutral_shows_and_uses_the_untouched_distribution_and_gives_back(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        former, before = desk.chat.sampling.params, sampled(desk)
        switch = desk.find(QPushButton, "Neutral")
        switch.setFocus()
        desk.press(Qt.Key.Key_Space)
        await until(lambda: sampled(desk) != before)
        await replayed(desk)
        texts = desk.window.token.bars.texts()
        assert [number for _, number, _ in texts] == [number for _, _, number in texts]
        assert desk.chat.sampling.options().sampling == SamplingParams()
        assert not desk.find(QSlider, "Top-p").isEnabled()
        desk.press(Qt.Key.Key_Space)
        await until(lambda: sampled(desk) == before)
        assert desk.chat.sampling.params == former

    drive(scenario)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("Top-p", "abc", "“abc” is no number. It stays 0.95."),
        ("Top-p", "1.5", "Top-p goes from 0 to 1. It stays 0.95."),
        ("Top-k", "2.5", "“2.5” is no whole number. It stays 20."),
        ("Temperature", "", "“” is no number. It stays 0.60."),
        ("Temperature", "nan", "“nan” is no number. It stays 0.60."),
    ],
)
def test_a_value_typed_wrongly_is_a_sentence_and_the_old_one_stays(
    drive: Drive, name: str, typed: str, sentence: str
):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        before = desk.chat.sampling.params
        field = desk.find(QDoubleSpinBox, name)
        type_into(field, typed)
        row = next(k for k in desk.window.sampling.knobs.values() if k.field is field)
        assert row.complaint.isVisible()
        assert row.complaint.text() == sentence
        assert desk.chat.sampling.params == before
        type_into(field, "0.5" if name != "Top-k" else "7")
        assert not row.complaint.isVisible()
        assert desk.chat.sampling.params != before

    drive(scenario)


def type_into(field: QDoubleSpinBox | QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_seed_and_longest_answer_are_asked_with_and_can_be_left_out(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        pane = desk.window.sampling
        type_into(pane.seed.field, "12345678901234567")
        type_into(pane.longest.field, "3")
        options = desk.chat.sampling.options()
        assert (options.sampling.seed, options.max_tokens) == (12345678901234567, 3)
        turn = await desk.ask(UNSURE)
        assert len(turn.tokens) == 3
        type_into(pane.seed.field, "many")
        assert pane.seed.complaint.text() == (
            "“many” is no whole number. It stays 12345678901234567."
        )
        type_into(pane.longest.field, "0")
        assert pane.longest.complaint.text().startswith("The longest answer goes from 1 to")
        assert desk.chat.sampling.options() == options
        for part in (pane.seed, pane.longest):
            type_into(part.field, "")
        options = desk.chat.sampling.options()
        assert (options.sampling.seed, options.max_tokens) == (None, None)
        assert not pane.seed.complaint.isVisible()

    drive(scenario)


def test_copy_row_puts_the_record_on_the_clipboard(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        QTest.mouseClick(desk.find(QPushButton, "Copy row"), Qt.MouseButton.LeftButton)
        names, values = QApplication.clipboard().text().splitlines()
        selected = desk.chat.selection.current
        assert selected
        row = dict(zip(names.split("\t"), values.split("\t"), strict=True))
        assert tuple(row)[: len(COLUMNS)] == COLUMNS
        assert float(row["logprob"]) == selected.token.logprob
        assert row["text"] == selected.token.text
        assert int(row["top8_id"]) == selected.token.top[7].id

    drive(scenario)


def test_a_new_chat_unselects_and_invites_again(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        desk.session.chats.new()
        await until(lambda: desk.turns == ())
        assert desk.chat.replay.value.selected is None
        assert not desk.window.token.bars.isVisible()
        shown = [
            w for w in desk.window.token.findChildren(type(desk.window.token.text)) if w.isVisible()
        ]
        assert INVITATION in [widget.text() for widget in shown]

    drive(scenario)


def test_without_a_model_the_stored_numbers_stay_and_it_is_said(drive: Drive, tmp_path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        with pytest.raises(ModelNotFound):
            await desk.services.host.load(tmp_path / "nowhere")
        await until(lambda: desk.window.token.outcome.text() == NO_MODEL)
        check_stored(desk)
        desk.find(QSlider, "Temperature").setFocus()
        desk.press(Qt.Key.Key_End)
        await asyncio.sleep(0.05)
        assert desk.window.token.outcome.text() == NO_MODEL
        await desk.services.host.load(paths.built_in_model())
        await replayed(desk)
        assert desk.window.token.outcome.text().endswith("computed again")

    drive(scenario)


def test_another_model_shows_the_stored_numbers_and_says_so(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        await desk.services.host.load(paths.built_in_model().with_name("candor-small-draft"))
        await until(lambda: desk.chat.replay.value.note.startswith("The loaded model gives other"))
        assert desk.window.token.outcome.text().endswith(STORED)
        check_stored(desk)

    drive(scenario)


def check_stored(desk: Desk) -> None:
    """The bars are those of the record, and after sampling only what it holds is shown."""
    selected = desk.chat.selection.current
    assert selected
    expected = rows(selected.token)
    texts = desk.window.token.bars.texts()
    assert [number for _, number, _ in texts] == [row.number for row in expected]
    assert [bool(number) for _, _, number in texts] == [row.chosen for row in expected]


def test_a_chat_of_an_earlier_run_follows_the_sliders_too(drive: Drive):
    async def first(desk: Desk) -> None:
        await desk.ready()
        desk.chat.sampling.set_effort(Effort.OFF)
        await desk.ask(UNSURE)

    async def second(desk: Desk) -> None:
        await desk.ready()
        await look_at_the_unsure_token(desk)
        await replayed(desk)
        assert desk.window.token.outcome.text().endswith("computed again")
        before = sampled(desk)
        desk.find(QSlider, "Temperature").setFocus()
        desk.press(Qt.Key.Key_Home)
        await until(lambda: sampled(desk) != before)

    drive(first)
    drive(second)


def test_bars_follow_while_an_answer_is_being_written(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        first = await look_at_the_unsure_token(desk)
        await replayed(desk)
        during: list[bool] = []

        def move(_growth: object) -> None:
            slider = desk.window.sampling.temperature.slider
            slider.setValue(slider.value() + 5)

        desk.chat.turn_grew.connect(move)
        desk.chat.replay.changed.connect(
            lambda value: during.append(
                bool(value.replayed) and desk.services.conversation.answering
            )
        )
        desk.chat.send("What is 348 + 276?")
        await until(lambda: len(desk.turns) == 4 and not desk.services.conversation.answering)
        assert any(during)
        assert desk.chat.selection.current
        assert desk.chat.selection.current.turn_id == first.id

    drive(scenario)
