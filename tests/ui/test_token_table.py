"""The table of all tokens: the same selection, a filter, and what a screen reader hears."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableView

from app.domain.heat import HeatMode, Reading
from app.ui.panes.token_table import TokenTableDialog
from app.ui.viewmodels.landmarks import is_low_confidence
from app.ui.viewmodels.wording import logprob_probability, token_text
from tests.ui.desk import Desk, accessible, until

Drive = Callable[..., None]


def test_the_table_walks_the_tokens_with_the_selection(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask("What is the capital of France?")
        said: list[str] = []
        desk.window.inspector.announcer.announced.connect(said.append)
        await desk.click(turn, 3)
        desk.window.token.table.click()
        dialog = desk.window.inspector.table
        assert dialog
        await until(dialog.isVisible)
        table = dialog.table
        assert table.model().rowCount() == len(turn.tokens)
        assert table.currentIndex().row() == 3
        QTest.keyClick(table, Qt.Key.Key_Down)
        assert desk.chat.selection.current
        assert desk.chat.selection.current.index == 4
        unsure = next(i for i, token in enumerate(turn.tokens) if is_low_confidence(token))
        assert said == []
        desk.chat.selection.pick(turn.id, unsure)
        assert table.currentIndex().row() == unsure
        token = turn.tokens[unsure]
        assert said[0].startswith("Low confidence, ")
        assert token.text.strip() in said[0]
        assert cell(table, unsure, 1) == logprob_probability(token.logprob)
        assert spoken(table, f"{token_text(token)}, low confidence")
        check_filter(desk, dialog)
        dialog.close()
        await check_caret(desk)

    drive(scenario)


def cell(table: QTableView, row: int, column: int) -> str:
    return table.model().index(row, column).data()


def spoken(table: QTableView, text: str) -> bool:
    """Whether a screen reader comes to a cell that says this."""
    return any(
        each.text(QAccessible.Text.Name) == text
        for each in accessible(table)
        if each.role() == QAccessible.Role.Cell
    )


def check_filter(desk: Desk, dialog: TokenTableDialog) -> None:
    """What the view leaves unmarked is not in the table; picking it elsewhere does no harm."""
    turn = desk.turns[-1]
    desk.chat.heat.choose(HeatMode.PROBABILITY)
    desk.chat.heat.read_as(Reading(over=1))
    wanted = [i for i, t in enumerate(turn.tokens) if t.logprob and t.logprob <= -0.69315]
    assert [dialog.model.index_at(row) for row in range(dialog.model.rowCount())] == wanted
    assert "Under 50 %" in dialog.told.text()
    desk.chat.selection.pick(turn.id, 0)
    desk.chat.heat.read_as(Reading())
    assert dialog.model.rowCount() == len(turn.tokens)
    assert dialog.table.currentIndex().row() == 0


async def check_caret(desk: Desk) -> None:
    """A screen reader reads where the caret is, so that goes with the selection."""
    turn = desk.turns[-1]
    await desk.click(turn, len(turn.tokens) - 3)
    text = desk.view(turn).answer
    desk.window.activateWindow()
    text.setFocus()
    await until(text.hasFocus)
    for by in (1, 2):
        QTest.keyClick(text, Qt.Key.Key_Left)
        start, _ = text.run.span(len(turn.tokens) - 3 - by)
        assert text.textCursor().position() == start
