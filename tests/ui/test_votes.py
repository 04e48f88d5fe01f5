"""The answers that were written at once: a table of what each comes to, and another one in use."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.domain.best_of import final_answer
from app.domain.conversation import Turn
from app.domain.events import Usage
from app.domain.messages import Role
from app.domain.reasoning import Effort
from app.services.ballot import WEAK
from app.ui.panes.votes import COLUMNS
from app.ui.viewmodels.votes import LIKELIEST, SUREST, votes
from tests.ui.desk import Desk, until
from tests.ui.records import record


def test_every_answer_of_a_vote_is_a_row_and_can_be_used_instead(
    drive: Callable[..., None],
) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        sampling = desk.chat.sampling
        sampling.set_reasoning(replace(sampling.reasoning, effort=Effort.OFF, best_of=3))
        sampling.set("temperature", 1.5)
        sampling.set_seed(4)
        await desk.ask("Sort these words: pear, fig, plum, apple, kiwi, lime.")
        await until(lambda: "of 3 answers come to" in desk.turns[-1].note)
        answer = desk.turns[-1]
        QTest.mouseClick(desk.find(QPushButton, "Votes"), Qt.MouseButton.LeftButton)
        await until(lambda: desk.window.inspector.votes is not None)
        dialog = desk.window.inspector.votes
        assert dialog is not None
        model = dialog.model
        cells = [
            [model.index(row, column).data() for column in range(len(COLUMNS))] for row in range(3)
        ]
        written = await desk.services.conversation.versions(answer.id)
        finals = [final_answer(turn.text) or "nothing" for turn in written]
        assert sorted(row[0][:30] for row in cells) == sorted(final[:30] for final in finals)
        assert sum(int(row[4].replace(",", "")) for row in cells) == sum(
            turn.usage.completion_tokens for turn in written if turn.usage
        )
        assert cells[0][5].startswith("Chosen: ")
        assert cells[0][5].endswith("shown now")
        assert not dialog.use.isEnabled()
        assert dialog.warning.isVisible() == (WEAK in answer.note)
        dialog.table.setFocus()
        QTest.keyClick(dialog.table, Qt.Key.Key_Down)
        QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
        await until(lambda: desk.turns[-1].id != answer.id)
        assert desk.turns[-1].id == model.rows[1].turn_id
        await until(lambda: model.index(1, 5).data().endswith("shown now"))
        dialog.close()
        await asyncio.sleep(0)

    drive(scenario)


def answer(id: int, text: str, probability: float) -> Turn:
    records = (record(text, probability=probability),)
    return Turn(id=id, role=Role.ASSISTANT, text=text, tokens=records, usage=Usage(1, 2, 0, 0))


def test_of_answers_with_equal_votes_the_surest_is_chosen_and_the_weakness_said() -> None:
    found = votes([answer(1, "7", 0.5), answer(2, "8", 0.9), answer(3, "9", 0.4)])
    assert [row.turn_id for row in found.rows] == [2, 1, 3]
    assert [row.remark for row in found.rows] == [f"{SUREST}, {LIKELIEST}", "", ""]
    assert found.warning == WEAK
    assert found.said == "3 answers. Margin 0. 6 tokens in all."
    assert {row.share for row in found.rows} == {1 / 3}
    assert not votes([answer(1, "7", 0.5), answer(2, "7", 0.9)]).warning
