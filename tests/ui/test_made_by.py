"""What made an answer, and the answer made again from that."""

import math
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.tokens import Channel
from app.ui.viewmodels.wording import probability
from app.ui.workbench.made_by import NO_ANSWER
from tests.ui.desk import Desk, until
from tests.ui.test_exports import choose

Drive = Callable[..., None]


def test_an_answer_tells_what_made_it_and_comes_out_the_same_again(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        model = desk.session.bench.repeating
        keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(desk.window, Qt.Key.Key_M, keys)
        dialog = desk.session.workbench.made_by
        assert dialog
        assert dialog.task.words.text() == NO_ANSWER
        assert not dialog.task.start.isEnabled()
        dialog.close()

        said = await desk.ask("What is 12 + 7?")
        choose(desk, "What made this answer…")
        assert dialog.isVisible()
        assert said.origin
        shown = {name: value.text() for name, value in dialog.facts.values.items()}
        assert shown["Model"] == "candor-small"
        assert shown["Seed"] == str(said.origin.sampling.seed)
        assert said.origin.fingerprint.startswith(shown["Fingerprint of the model"])
        sure = [t.logprob for t in said.tokens if t.channel is Channel.ANSWER]
        least = probability(math.exp(min(each for each in sure if each is not None)))
        assert dialog.measures.values["Least likely token"].text() == least
        assert not desk.nameless_controls()

        QTest.mouseClick(dialog.task.start, Qt.MouseButton.LeftButton)
        assert dialog.task.start.text() == "Stop"
        await until(lambda: not model.value.working)
        assert dialog.task.words.text() == f"The same: all {len(said.tokens)} tokens."

    drive(scenario)


def test_a_dialog_is_as_high_as_what_it_shows(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await desk.ask("Hello")
        choose(desk, "What made this answer…")
        dialog = desk.session.workbench.made_by
        assert dialog
        parts = (dialog.facts, dialog.measures)
        await until(lambda: all(each.height() >= each.sizeHint().height() > 50 for each in parts))

    drive(scenario)
