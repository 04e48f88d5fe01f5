"""The speed's dialog: it measures the loaded model, can be stopped, and says what was found."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.domain.benchmark import Size
from app.services.benchmark.wording import findings
from app.ui.panes.speed import MEASURE, STOP, SpeedDialog
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
SMALL = Size(prompt_tokens=16, completion_tokens=4, rounds=1)
ENDLESS = Size(prompt_tokens=16, completion_tokens=4, rounds=100_000)


def opened(desk: Desk) -> SpeedDialog:
    desk.window.resize(1280, 800)  # room for the sidebar
    QTest.mouseClick(desk.find(QPushButton, "Speed"), Qt.MouseButton.LeftButton)
    dialog = desk.session.dialogs.speed
    assert dialog
    assert dialog.isVisible()
    return dialog


def texts(dialog: SpeedDialog) -> list[str]:
    return [each.text() for each in dialog.findChildren(QLabel) if not each.isHidden()]


def test_what_was_measured_is_shown(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = opened(desk)
        assert dialog.start.text() == MEASURE
        low = dialog.height()
        desk.session.speed.measure(SMALL)
        assert dialog.start.text() == STOP
        assert dialog.bar.isVisible()
        await until(lambda: desk.session.speed.value.report)
        report = desk.session.speed.value.report
        assert report
        assert (report.model, report.prompt_tokens) == ("candor-small", 16)
        assert dialog.start.text() == MEASURE
        assert not dialog.bar.isVisible()
        assert dialog.height() > low + 100
        shown = texts(dialog)
        for name, words in findings(report):
            assert shown[shown.index(name.capitalize()) + 1] == words
        assert not desk.nameless_controls()

    drive(scenario)


def test_measuring_ends_when_a_person_stops_it_and_answers_go_on(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog, speed = opened(desk), desk.session.speed
        speed.measure(ENDLESS)
        await until(lambda: speed.value.doing.startswith("Round"))
        QTest.keyClick(dialog.start, Qt.Key.Key_Space)
        assert speed.value.doing == ""
        assert dialog.start.text() == MEASURE
        dialog.close()
        desk.chat.send("Hello")
        await until(lambda: desk.turns and desk.turns[-1].tokens)
        desk.chat.stop()
        assert (await desk.answered()).tokens

    drive(scenario)


def test_a_model_that_cannot_be_measured_says_why(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = opened(desk)
        desk.session.speed.measure(Size(prompt_tokens=10**6))
        await until(lambda: desk.session.speed.value.error)
        assert any("do not fit the context" in text for text in texts(dialog))

    drive(scenario)
