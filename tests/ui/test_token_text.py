"""Coloured text on its own: every token is where one would click it."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.heat import HeatMode
from app.domain.tokens import Channel, TokenRecord
from app.ui.chat.answer import AnswerView
from app.ui.chat.heat import Heat
from app.ui.chat.token_text import TokenText
from app.ui.theme.palette import LIGHT, heat_colour
from app.ui.viewmodels.heat import heat_step
from app.ui.viewmodels.raw_text import BREAK
from tests.ui.records import record

PIECES = [
    "The",
    " 🙂",
    " train",
    "\n\n",
    "𝒳yz",
    " arrives",
    "\r\n",
    "at",
    " 17:25",
    " 🙂🙂",
    ".",
] * 6


def tokens_of(pieces: list[str]) -> list[TokenRecord]:
    start, made = 0, []
    for piece in pieces:
        made.append(record(piece, start=start, probability=0.3))
        start += len(piece)
    return made


@pytest.fixture
def text(qapp: QApplication) -> Iterator[TokenText]:
    made = TokenText("Answer")
    made.recolour(Heat(HeatMode.SURPRISE, LIGHT, LIGHT.window), LIGHT.accent)
    made.resize(220, 100)
    made.show()
    yield made
    made.deleteLater()


def fill(text: TokenText, pieces: list[str], at_once: int) -> list[TokenRecord]:
    tokens = tokens_of(pieces)
    for first in range(0, len(tokens), at_once):
        part = tokens[first : first + at_once]
        text.extend("".join(token.text for token in part), tuple(part), first)
    return tokens


@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_a_click_in_the_middle_of_a_token_picks_it(text: TokenText, at_once: int):
    tokens = fill(text, PIECES, at_once)
    picked: list[int] = []
    text.picked.connect(picked.append)
    drawn = [i for i, token in enumerate(tokens) if token.text.strip()]
    for index in drawn:
        point = text.token_rect(index).center().toPoint()
        QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert picked == drawn


@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_every_drawn_token_has_its_colour_however_it_came(text: TokenText, at_once: int):
    tokens = fill(text, PIECES, at_once)
    step = heat_step(HeatMode.SURPRISE, tokens[:1])
    expected = heat_colour(LIGHT, step, LIGHT.window)
    found = {text.colour_at(i) for i, token in enumerate(tokens) if token.text.strip()}
    assert found == {expected}


def test_raw_tokens_hide_nothing(text: TokenText):
    emoji = "🙂".encode()
    whole = tokens_of(["a b", "\n", "\t"])
    parts = [replace(whole[0], data=data, start=5, end=6) for data in (emoji[:2], emoji[2:])]
    control = replace(whole[0], data=b"", id=99, start=6, end=6)
    tokens = (*whole, *parts, control)
    text.extend("a b\n\t🙂", tokens, 0)
    before = text.toPlainText()
    text.show_raw(True)
    shown = ["a␣b", "⏎\n", "⇥", "\\xf0\\x9f", "\\x99\\x82", "⟨99⟩"]
    assert text.toPlainText().split(BREAK) == ["", *shown]
    picked: list[int] = []
    text.picked.connect(picked.append)
    for index in (0, 2, 3, 4, 5):
        point = text.token_rect(index).center().toPoint()
        QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert picked == [0, 2, 3, 4, 5]
    text.extend(" c", (record(" c", start=6),), 6)
    assert text.toPlainText().endswith(f"{BREAK}␣c")
    text.show_raw(False)
    assert text.toPlainText() == before + " c"


def test_up_and_down_change_the_line(text: TokenText):
    fill(text, ["word "] * 40, 7)
    text.picked.connect(text.select)
    text.select(0)
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_Down)
    below = text.selected
    assert below is not None
    assert text.token_rect(below).y() > text.token_rect(0).y()
    assert abs(text.token_rect(below).x() - text.token_rect(0).x()) < 2
    QTest.keyClick(text, Qt.Key.Key_Up)
    assert text.selected == 0


def test_line_breaks_at_the_end_take_no_room(text: TokenText):
    fill(text, ["word"], 1)
    height = text.height()
    text.extend("\n\n", (record("\n\n", start=4),), 1)
    assert text.height() == height


def test_dragging_selects_text_and_picks_nothing(text: TokenText):
    fill(text, ["alpha", " beta", " gamma"], 3)
    picked: list[int] = []
    text.picked.connect(picked.append)
    ends = [text.token_rect(index).center().toPoint() for index in (0, 2)]
    QTest.mousePress(text.viewport(), Qt.MouseButton.LeftButton, pos=ends[0])
    QTest.mouseMove(text.viewport(), ends[1])
    QTest.mouseRelease(text.viewport(), Qt.MouseButton.LeftButton, pos=ends[1])
    assert picked == []
    assert " beta" in text.textCursor().selectedText()


def test_text_that_looks_like_html_stays_text(text: TokenText):
    dangerous = '<img src="file:///etc/hostname"><b>bold</b>'
    text.extend(dangerous, (record(dangerous),), 0)
    assert text.toPlainText() == dangerous


def test_a_selection_in_a_folded_trace_unfolds_it(qapp: QApplication):
    view = AnswerView(LIGHT)
    view.reasoning.set_title("Reasoning")
    view.reasoning.body.extend("hm", (record("hm", channel=Channel.REASONING),), 0)
    QTest.mouseClick(view.reasoning.heading, Qt.MouseButton.LeftButton)
    assert not view.reasoning.body.isVisibleTo(view)
    view.select(0)
    assert view.reasoning.body.isVisibleTo(view)
    view.deleteLater()
