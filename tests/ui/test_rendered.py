"""Colours over rendered Markdown in the whole window: clicks, keys, a switch, and a live answer."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app import paths
from app.domain.chats import Node
from app.domain.conversation import Turn
from app.domain.heat import Face, HeatMode
from app.domain.messages import Role
from app.domain.tokens import TokenRecord
from app.services.settings import READING
from app.services.store.chat_file import ChatFile
from app.ui.chat.markdown_text import MarkdownText
from app.ui.chat.token_text import TokenText
from tests.services.store.turns import question
from tests.ui.desk import Desk, until
from tests.ui.records import record
from tests.ui.test_source_map import MIXED, under

Drive = Callable[..., None]
ID = 11


def pieces(source: str) -> tuple[TokenRecord, ...]:
    """Words as tokens, and every emoji as two, of which neither is a whole character."""
    made: list[TokenRecord] = []
    for found in re.finditer(r"🙂| ?[a-z]+|.|\n", source):
        each = record(found.group(), start=found.start(), probability=0.2)
        if found.group() == "🙂":
            made += [replace(each, data=data) for data in (each.data[:2], each.data[2:])]
        else:
            made.append(each)
    return tuple(made)


@pytest.fixture
def stored(profile: Path) -> Turn:
    """A chat whose answer is in Markdown."""
    said = Turn(id=ID, role=Role.ASSISTANT, text=MIXED, tokens=pieces(MIXED))
    file = ChatFile(paths.chats())
    file.open()
    file.keep(1, [Node(question(ID - 1), None), Node(said, ID - 1)])
    file.close()
    return said


def press(desk: Desk, key: Qt.Key) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(desk.window, key, both)


def selected(desk: Desk) -> int:
    assert desk.chat.selection.current
    return desk.chat.selection.current.index


def test_tokens_are_picked_and_walked_where_they_are_rendered(drive: Drive, stored: Turn):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.session.chats.open_imported(1)
        await until(lambda: desk.transcript.answer(ID))
        view = desk.view(stored)
        assert isinstance(view.answer, TokenText)
        press(desk, Qt.Key.Key_R)
        page = view.answer
        assert isinstance(page, MarkdownText)
        assert "**" not in page.toPlainText()
        words = {token.text.strip(): index for index, token in enumerate(stored.tokens)}
        for word in ("bold", "code", "link", "amp", "first", "item", "second", "left", "1", "why"):
            await desk.click(stored, words[word])
            index = selected(desk)
            assert under(page, index).strip() == ("&" if word == "amp" else word)
            assert page.selected == index
            assert desk.window.token.isVisible()
        halves = [i for i, token in enumerate(stored.tokens) if token.data == "🙂".encode()[2:]]
        assert len(halves) == 5
        assert {under(page, index) for index in halves} == {"🙂"}
        await desk.click(stored, words["left"])
        page.setFocus()
        for by, key in ((1, Qt.Key.Key_Right), (-1, Qt.Key.Key_Left)):
            before = selected(desk)
            desk.press(key)
            assert selected(desk) == before + by
        desk.press(Qt.Key.Key_Down)
        assert page.token_rect(selected(desk)).top() > page.token_rect(words["left"]).top()
        press(desk, Qt.Key.Key_R)
        assert isinstance(view.answer, TokenText)
        assert view.answer.hasFocus()
        assert view.answer.selected == selected(desk)

    drive(scenario)


def test_an_answer_is_rendered_and_coloured_while_it_is_written(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        press(desk, Qt.Key.Key_R)
        assert desk.services.settings.get(READING).face is Face.RENDERED
        counts: list[tuple[int, int]] = []

        def look(_growth: object) -> None:
            view = desk.view(desk.turns[-1])
            texts = [text.token_count for text in view.texts()]
            counts.append((sum(texts), len(desk.turns[-1].tokens)))

        desk.chat.turn_grew.connect(look)
        turn = await desk.ask("What is the capital of France?")
        page = desk.view(turn).answer
        assert isinstance(page, MarkdownText)
        assert counts
        assert all(0 <= shown <= told for shown, told in counts)
        assert sum(text.token_count for text in desk.view(turn).texts()) == len(turn.tokens)
        for index, token in enumerate(turn.tokens):
            if page.holds(index) and token.text.strip():
                assert under(page, index).strip() == token.text.strip()
        marked = [index for index in range(len(turn.tokens)) if page.holds(index)]
        assert any(page.colour_at(index) for index in marked)
        desk.chat.heat.choose(HeatMode.NOTHING)
        assert desk.view(turn).answer is page
        assert not page.can_pick

    drive(scenario)
