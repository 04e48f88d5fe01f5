"""A closer look at a token: any other of the vocabulary, how it was picked, going on from it."""

import math
from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from app.domain.conversation import Turn
from app.domain.sampling import SamplerStage
from app.domain.trace import Draw
from app.ui.panes.bars import Bars
from app.ui.panes.sampler_trace import SamplerTracePane
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
# An honest "I do not know" has two wordings, so one of its tokens is always near one bit.
UNSURE = "What is the capital of France?"


async def look_at_the_unsure_token(desk: Desk) -> tuple[Turn, int]:
    await desk.ready()
    turn = await desk.ask(UNSURE)
    entropies = [token.entropy or 0.0 for token in turn.tokens]
    index = entropies.index(max(entropies))
    await desk.click(turn, index)
    await settled(desk)
    return turn, index


async def settled(desk: Desk) -> None:
    await until(lambda: desk.chat.replay.value.replayed and desk.chat.replay.settled)


def texts(part: QWidget) -> list[str]:
    return [each.text() for each in part.findChildren(QLabel) if each.isVisible()]


def press_other(bars: Bars) -> None:
    """Mark the likeliest row that was not said, by keys."""
    bars.setFocus()
    for _ in range(3):
        QTest.keyClick(bars, Qt.Key.Key_Down)
        if bars.mark and not bars.mark.chosen:
            return
    raise AssertionError("no other row")


def test_any_token_is_found_with_its_rank_and_can_be_gone_on_from(drive: Drive):
    async def scenario(desk: Desk) -> None:
        turn, index = await look_at_the_unsure_token(desk)
        pane = desk.window.token
        pane.search.field.setFocus()
        QTest.keyClicks(pane.search.field, "kno")
        await until(lambda: pane.search.told.isVisible() and desk.chat.replay.settled)
        found = desk.chat.replay.value.replayed
        assert found
        assert found.found
        assert f"The first has rank {found.found[0].rank:,}" in pane.search.told.text()
        assert f"rank {found.found[0].rank:,}" in pane.search.bars.spoken()[0]
        pane.search.field.setText("no token is called so")
        await until(lambda: pane.search.told.text() == "No token of the vocabulary matches.")
        assert not pane.search.bars.isVisible()
        pane.search.field.setText("")
        await until(lambda: not pane.search.told.isVisible())
        await go_on_from_another(desk, turn, index)

    drive(scenario)


async def go_on_from_another(desk: Desk, turn: Turn, index: int) -> None:
    """Both answers stay, and they are the same up to the token that was chosen."""
    pane = desk.window.token
    assert not pane.branch.isEnabled()
    press_other(pane.bars)
    mark = pane.bars.mark
    assert mark
    assert pane.branch.text() == f"Continue from “{mark.text}”"
    pane.branch.click()
    await until(lambda: desk.turns[-1].id != turn.id)
    other = await desk.answered()
    ids = [token.id for token in turn.tokens]
    assert [token.id for token in other.tokens][: index + 1] == [*ids[:index], mark.id]
    stepper = desk.view(other).action_row.versions
    await until(lambda: f"2 of 2, from “{mark.text}”" in texts(stepper))
    chosen = desk.chat.selection.current
    assert chosen
    assert (chosen.turn_id, chosen.index, chosen.token.id) == (other.id, index, mark.id)
    desk.chat.step_version(other.id, -1)
    await until(lambda: desk.turns[-1] == turn)


def test_how_it_was_picked_follows_the_sliders(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await look_at_the_unsure_token(desk)
        pane = desk.window.token.trace
        shown = desk.chat.replay.value.replayed
        assert shown
        assert not shown.trace  # not asked for while it is folded
        QTest.mouseClick(pane.heading, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
        await until(lambda: pane.texts() and desk.chat.replay.settled)
        before = pane.texts()
        assert [text.split()[0] for text in before] == ["Temperature", "Top-k", "Top-p"]
        assert "cut" in before[1]
        own = check_own_draw(desk, pane)
        assert pane.idle.text().startswith("Off: Penalties, DRY")
        desk.find(QSlider, "Top-k").setFocus()
        desk.press(Qt.Key.Key_PageUp)
        await until(lambda: pane.texts() != before and desk.chat.replay.settled)
        assert pane.texts()[1].startswith("Top-k 30:")
        move_a_stage(desk)
        await until(lambda: pane.texts()[0].startswith("Top-k") and desk.chat.replay.settled)
        await check_moved_draw(desk, pane, own)

    drive(scenario)


def check_own_draw(desk: Desk, pane: SamplerTracePane) -> Draw:
    """The draw is that of the answer, whose seed nobody has set."""
    selected, draw = desk.chat.selection.current, pane.draw.strip.draw
    assert selected
    assert draw
    assert desk.chat.sampling.params.seed is None
    assert draw.token == selected.token.id
    assert draw.low <= draw.number < draw.high
    assert math.log(draw.high - draw.low) == pytest.approx(selected.token.sampled_logprob, abs=1e-5)
    assert f"{draw.number:.4f}, which chose" in pane.draw.told.text()
    assert pane.now.isHidden()
    return draw


async def check_moved_draw(desk: Desk, pane: SamplerTracePane, own: Draw) -> None:
    """Sliders and their seed move what the draw would choose, never the draw."""
    desk.chat.sampling.set_seed(7)
    desk.find(QSlider, "Temperature").setFocus()
    desk.press(Qt.Key.Key_End)
    await until(lambda: pane.now.strip.draw and desk.chat.replay.settled)
    now = pane.now.strip.draw
    assert now
    assert (now.number, pane.draw.strip.draw) == (own.number, own)
    assert (now.low, now.high) != (own.low, own.high)
    desk.press(Qt.Key.Key_Home)
    await until(lambda: "nothing is drawn" in pane.now.told.text())
    assert pane.draw.strip.draw == own


def move_a_stage(desk: Desk) -> None:
    """Move top-k before the temperature, by keys; dragging moves rows of the same list."""
    sampling = desk.window.sampling
    sampling.more.click()
    order = sampling.order
    order.setFocus()
    order.setCurrentRow(order.order().index(SamplerStage.TOP_K))
    QTest.keyClick(order, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    stages = list(desk.chat.sampling.params.order)
    assert stages.index(SamplerStage.TOP_K) == stages.index(SamplerStage.TEMPERATURE) - 1
    order.model().moveRow(QModelIndex(), 0, QModelIndex(), len(stages))
    assert desk.chat.sampling.params.order == (*stages[1:], stages[0])
    desk.chat.sampling.set_order(tuple(stages))
    assert order.order() == tuple(stages)
