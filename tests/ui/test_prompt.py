"""The prompt of an answer in the window: every token that the model read, and its numbers."""

import math
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.services.prompt_tokens import FIRST, with_names
from app.ui.chat.actions import PROMPT
from tests.ui.desk import Desk, until
from tests.ui.records import record

Drive = Callable[..., None]
QUESTION = "What is 348 + 276?"


def test_names_of_control_tokens_stand_where_the_tokens_do():
    places = (("", 0, 3), ("ab", 0, 7), ("", 2, 3), ("c", 2, 8), ("", 3, 4))
    tokens = [record(said, start=start, id=id) for said, start, id in places]
    text, found = with_names("abc", tokens, {3: "<x>"})
    assert text == "<x>ab<x>c"
    assert [text[token.start : token.end] for token in found] == ["<x>", "ab", "<x>", "c", ""]


async def opened(desk: Desk) -> None:
    prompt = desk.chat.prompt
    await until(lambda: prompt.selection.current and prompt.replay.settled)


def test_every_token_of_the_prompt_can_be_looked_at(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        answer = await desk.ask_briefly(QUESTION)
        await desk.click(answer, 1)
        before = desk.chat.selection.current
        page, pane, prompt = desk.window.pages.prompt, desk.window.token, desk.chat.prompt
        QTest.mouseClick(desk.find(QPushButton, PROMPT), Qt.MouseButton.LeftButton)
        await opened(desk)
        found = prompt.value.found
        assert found
        assert answer.usage
        assert len(found.tokens) == answer.usage.prompt_tokens
        assert page.isVisible()
        assert found.text.startswith("<|im_start|>")
        chosen = prompt.selection.current
        assert chosen
        assert found.text[chosen.token.start :].startswith(QUESTION)
        await check_numbers(desk)
        desk.press(Qt.Key.Key_Home)
        await until(lambda: prompt.selection.current and prompt.selection.current.index == 0)
        assert pane.outcome.text() == FIRST
        assert pane.numbers["Rank"].text() == "—"
        desk.press(Qt.Key.Key_Right)
        await until(lambda: prompt.selection.current and prompt.selection.current.index == 1)
        assert desk.nameless_controls() == []
        desk.press(Qt.Key.Key_Escape)
        await until(lambda: desk.transcript.isVisible())
        assert desk.chat.selection.current == before
        assert pane.branch.isVisible()

    drive(scenario)


async def check_numbers(desk: Desk) -> None:
    """The numbers of the selected token are exact, and any other is found there."""
    pane, prompt = desk.window.token, desk.chat.prompt
    shown = prompt.replay.value
    assert shown.selected
    assert shown.replayed
    token = shown.selected.token
    own = next(each for each in shown.replayed.alternatives if each.id == token.id)
    assert token.logprob == pytest.approx(own.logprob, abs=1e-4)
    assert pane.numbers["Rank"].text() == f"{own.rank:,}"
    assert token.entropy == pytest.approx(shown.replayed.raw_entropy, abs=1e-4)
    shares = (math.exp(each.logprob) for each in shown.replayed.alternatives)
    assert sum(shares) + shown.replayed.tail == pytest.approx(1)
    assert pane.bars.texts()[-1][0] == "all others"
    assert not pane.branch.isVisible()
    pane.search.field.setText("kno")
    await until(lambda: pane.search.told.isVisible() and prompt.replay.settled)
    assert "The first has rank" in pane.search.told.text()
    pane.search.field.setText("")
    await until(lambda: not pane.search.told.isVisible())


def test_the_prompt_of_a_later_answer_holds_what_was_said_before(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask_briefly("Hello")
        last = await desk.ask_briefly(QUESTION)
        desk.window.pages.open()
        await opened(desk)
        found = desk.chat.prompt.value.found
        assert found
        assert last.usage
        assert len(found.tokens) == last.usage.prompt_tokens
        assert 0 < found.text.index("Hello") < found.text.index(QUESTION)
        desk.write("Thanks")
        desk.press(Qt.Key.Key_Return)
        await until(lambda: desk.transcript.isVisible())
        await desk.answered()

    drive(scenario)
