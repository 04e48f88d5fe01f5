"""The map beside the scroll bar: hot rows where hot tokens lie, and the way there."""

import math

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.domain.conversation import Turn
from app.domain.heat import HeatMode
from app.domain.messages import Role
from app.domain.tokens import TokenRecord
from app.ui.chat.minimap import Minimap, Stretch
from app.ui.chat.transcript import TranscriptView
from app.ui.theme.palette import HEAT_STEPS, LIGHT
from app.ui.viewmodels.heat import heat_step
from app.ui.viewmodels.heat_profile import CHUNK, HeatProfile
from tests.ui.records import record

CALM = replace(record("word ", probability=0.999), entropy=0.0)
HOT = replace(CALM, logprob=math.log(1e-6))


def said(count: int, hot: set[int]) -> tuple[TokenRecord, ...]:
    tokens = ((HOT if index in hot else CALM) for index in range(count))
    return tuple(replace(t, start=5 * i, end=5 * i + 5) for i, t in enumerate(tokens))


@given(st.lists(st.floats(1e-9, 1), max_size=200), st.lists(st.integers(1, 50), max_size=20))
def test_a_profile_is_the_same_in_whatever_slices_it_is_made(
    shares: list[float], slices: list[int]
):
    tokens = [replace(CALM, logprob=math.log(share)) for share in shares]
    whole, sliced = (HeatProfile(tokens, HeatMode.SURPRISE) for _ in range(2))
    whole.work(len(tokens))
    for most in (*slices, len(tokens)):
        sliced.work(most)
    assert whole.complete
    assert sliced.steps == whole.steps
    steps = [heat_step(HeatMode.SURPRISE, [token]) for token in tokens]
    assert whole.steps == [max(steps[i : i + CHUNK]) for i in range(0, len(steps), CHUNK)]


def test_rows_are_hot_where_tokens_are(qtbot: QtBot):
    area = Minimap(LIGHT, HeatMode.SURPRISE)
    qtbot.addWidget(area)
    area.resize(12, 100)
    area.show_turn(1, said(320, {0, 319}))
    area.show_turn(2, said(320, set()))
    area.show_places([Stretch(1, 100, 400), Stretch(2, 600, 400)], 1000)
    qtbot.waitUntil(lambda: HEAT_STEPS in area.rows())
    rows = area.rows()
    assert [row for row, step in enumerate(rows) if step < 0] == [*range(10), *range(50, 60)]
    hot = [row for row, step in enumerate(rows) if step == HEAT_STEPS]
    assert (hot[0], hot[-1]) == (10, 49)
    assert len(hot) < 8
    area.show_mode(HeatMode.ENTROPY)
    qtbot.waitUntil(lambda: set(area.rows()) == {-1, 0})


def test_a_click_goes_to_that_part_of_the_conversation(qtbot: QtBot):
    transcript = TranscriptView(LIGHT)
    qtbot.addWidget(transcript)
    transcript.resize(600, 400)
    transcript.show()
    tokens = said(2000, {1999})
    for id in range(1, 6):
        text = "".join(token.text for token in tokens)
        transcript.add(Turn(id=id, role=Role.ASSISTANT, text=text, tokens=tokens))
    bar = transcript.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 5000 and HEAT_STEPS in transcript.map.rows())
    area = transcript.map
    assert area.geometry().left() == transcript.viewport().geometry().right() + 1
    QTest.mouseClick(area, Qt.MouseButton.LeftButton, pos=QPoint(5, area.height() // 2))
    assert abs(bar.value() - bar.maximum() / 2) < 0.05 * bar.maximum()
    transcript.clear()
    qtbot.waitUntil(lambda: set(area.rows()) == {-1})
