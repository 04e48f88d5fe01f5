"""Another model in the window: opened, refused, cancelled, gone; the chat goes on in each case."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app import paths
from app.domain.preparation import Precision
from app.services.engine_host import HostState
from app.services.settings import MODEL, RECENT_MODELS, ModelChoice
from app.ui.dialogs import Dialog
from app.ui.panes.models import ModelsDialog
from app.ui.viewmodels.models import BUILT_IN
from tests.engine.graphs import write_folder
from tests.engine.prepare.spelled import Style, decoder
from tests.engine.reference import Shape
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
LONG = "A-Model-of-a-Family-With-a-Very-Long-Name-7B-Instruct-q4f16-block32"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A model of another name: the built-in one in a folder of the person's."""
    return Path(shutil.copytree(paths.built_in_model(), tmp_path / "models" / "other"))


async def chosen(desk: Desk, folder: Path) -> ModelsDialog:
    """The dialog after a folder was chosen in it."""
    desk.window.header.model.click()
    dialog = desk.session.dialogs.models
    assert dialog
    dialog.go_to(str(folder))
    await until(lambda: "Looking" not in dialog.outlook.text())
    return dialog


async def opened(desk: Desk, folder: Path) -> None:
    dialog = await chosen(desk, folder)
    QTest.keyClick(dialog.models, Qt.Key.Key_Return)
    await until(lambda: not dialog.isVisible())
    assert desk.session.models.value.opened == ModelChoice(str(folder))


def notice(desk: Desk) -> str:
    banner = desk.window.banner
    return f"{banner.message.text()} {banner.hint.text()}" if banner.isVisible() else ""


def test_a_folder_is_opened_listed_and_open_again_after_a_restart(drive: Drive, other: Path):
    async def first(desk: Desk) -> None:
        await desk.ready()
        before = await desk.ask_briefly("Hello")
        await opened(desk, other)
        assert desk.chat.status.value.model == "other"
        assert "other" in desk.window.header.model.accessibleName()
        assert notice(desk) == ""
        desk.chat.send("Hello")
        await until(lambda: len(desk.turns) == 4)
        await desk.answered()
        assert desk.turns[1] == before

    async def second(desk: Desk) -> None:
        await desk.ready()
        assert desk.chat.status.value.model == "other"
        assert desk.session.models.choices == (BUILT_IN, ModelChoice(str(other)))
        desk.session.models.open(BUILT_IN)
        await until(lambda: desk.session.models.value.opened == BUILT_IN)
        desk.session.models.forget(ModelChoice(str(other)))
        assert desk.session.models.choices == (BUILT_IN,)

    async def third(desk: Desk) -> None:
        await desk.ready()
        assert desk.chat.status.value.model == "candor-small"

    drive(first)
    drive(second)
    drive(third)


def test_each_model_is_sampled_as_a_person_left_it(drive: Drive, other: Path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        sampling = desk.chat.sampling
        sampling.set("temperature", 1.5)
        await opened(desk, other)
        assert sampling.is_default
        sampling.set("temperature", 0.25)
        desk.session.models.open(BUILT_IN)
        await until(lambda: desk.session.models.value.opened == BUILT_IN)
        assert sampling.params.temperature == 1.5

    drive(scenario)


def test_a_damaged_model_is_refused_before_anything_is_given_up(drive: Drive, other: Path):
    (other / "model.onnx").write_bytes(b"no model")

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = await chosen(desk, other)
        assert "is not an ONNX model" in dialog.outlook.text()
        assert not dialog.confirm.isEnabled()
        QTest.keyClick(dialog.models, Qt.Key.Key_Return)
        assert desk.session.models.value.opening is None
        assert desk.chat.status.value.state is HostState.READY

    drive(scenario)


def test_a_model_that_fails_says_why_and_the_former_one_is_open_again(drive: Drive, other: Path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = await chosen(desk, other)
        shutil.rmtree(other)
        QTest.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        await until(lambda: "other was not opened." in notice(desk))
        assert "candor-small is open instead." in notice(desk)
        assert dialog.isVisible()
        assert dialog.error.isVisible()
        assert str(other) in dialog.error.text()
        assert desk.services.settings.get(MODEL) == BUILT_IN
        assert desk.services.settings.get(RECENT_MODELS) == ()
        desk.chat.send("Hello")
        await until(lambda: len(desk.turns) == 2)
        assert (await desk.answered()).tokens

    drive(scenario)


def test_a_cancelled_load_leaves_the_former_model(drive: Drive, other: Path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        models, shares = desk.session.models, list[float]()
        dialog = await chosen(desk, other)

        def cancel(value: object) -> None:
            shares.append(models.value.done)
            if models.value.opening and models.value.opening.path and dialog.cancel.isVisible():
                QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)

        models.changed.connect(cancel)
        QTest.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        await until(lambda: models.value.opened == BUILT_IN and models.value.opening is None)
        assert notice(desk) == ""
        assert not dialog.error.isVisible()
        assert desk.chat.status.value.model == "candor-small"

    drive(scenario)


def test_the_precision_is_chosen_shown_and_kept(drive: Drive, other: Path):
    async def first(desk: Desk) -> None:
        await desk.ready()
        dialog = await chosen(desk, other)
        dialog.precision.setCurrentText("Exact")
        QTest.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        await until(lambda: not dialog.isVisible())
        opened = desk.session.models.value.opened
        assert opened
        assert opened.precision is Precision.EXACT
        desk.window.header.model.click()
        assert dialog.precision.currentText() == "Exact"
        await until(lambda: "Looking" not in dialog.outlook.text())
        assert "It runs with its exact numbers." in dialog.outlook.text()
        assert "It runs with its exact numbers." in desk.window.header.model.toolTip()
        assert not dialog.confirm.isEnabled()

    async def second(desk: Desk) -> None:
        await desk.ready()
        exact = ModelChoice(str(other), precision=Precision.EXACT)
        await until(lambda: desk.session.models.value.opened == exact)

    drive(first)
    drive(second)


def test_a_model_is_prepared_and_its_copy_removed(drive: Drive, tmp_path: Path):
    shape = Shape(layers=1)
    folder = write_folder(tmp_path / "spelled", decoder(Style(), shape), shape)

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = await chosen(desk, folder)
        told: list[str] = []
        desk.session.models.changed.connect(lambda status: told.append(dialog.doing.text()))
        assert not dialog.prepared.remove.isVisible()
        QTest.mouseClick(dialog.prepared.prepare, Qt.MouseButton.LeftButton)
        await until(lambda: dialog.cancel.isVisible())
        assert dialog.cancel.accessibleName() == "Cancel preparing the model"
        await until(lambda: dialog.prepared.remove.isVisible())
        assert "Measuring how far the numbers are from the original's…" in told
        assert "It has been prepared for this computer. Every step is exact." in (
            dialog.outlook.text()
        )
        assert desk.chat.status.value.model == "candor-small"
        QTest.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        await until(lambda: not dialog.isVisible())
        loaded = desk.session.models.loaded
        assert loaded
        assert loaded.preparation.stored
        desk.window.header.model.click()
        await until(lambda: dialog.prepared.remove.isVisible())
        QTest.mouseClick(dialog.prepared.remove, Qt.MouseButton.LeftButton)
        await until(lambda: dialog.prepared.prepare.isVisible())
        assert list((desk.services.profile / "prepared").glob("*/")) == []

    drive(scenario)


def test_a_cancelled_preparation_leaves_the_model_open(drive: Drive, other: Path):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog, models = await chosen(desk, other), desk.session.models
        QTest.mouseClick(dialog.prepared.prepare, Qt.MouseButton.LeftButton)
        await until(lambda: "Measuring" in dialog.doing.text())
        QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
        await until(lambda: not models.value.busy)
        assert not dialog.error.isVisible()
        await until(lambda: dialog.prepared.prepare.isVisible())
        await desk.ready()
        assert desk.chat.status.value.model == "candor-small"

    drive(scenario)


def test_what_was_asked_for_last_is_what_is_open(drive: Drive, other: Path):
    third = Path(shutil.copytree(other, other.with_name("third")))

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        models = desk.session.models
        for path in (other, third, other, third):
            models.open(ModelChoice(str(path)))
        await until(lambda: models.value.opened and models.value.opening is None)
        await until(lambda: models.value.opened == ModelChoice(str(third)))
        assert desk.services.settings.get(MODEL) == ModelChoice(str(third))
        assert notice(desk) == ""

    drive(scenario)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_model_that_vanishes_while_it_is_open_is_a_sentence_and_nothing_is_lost(
    drive: Drive, other: Path
):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await opened(desk, other)
        desk.chat.send("Hello")
        await until(lambda: len(desk.turns) == 2)
        turns = (await desk.answered(), desk.turns)[1]
        shutil.move(other, other.with_name("unplugged"))
        os.kill(desk.worker_pid, signal.SIGKILL)
        await until(lambda: "There is no folder" in notice(desk))
        assert "Your chats are kept." in notice(desk)
        assert desk.turns == turns
        assert "No model is open" in desk.window.header.model.accessibleName()
        shutil.move(other.with_name("unplugged"), other)
        again = next(b for b in desk.window.findChildren(QPushButton) if b.text() == "Try again")
        QTest.mouseClick(again, Qt.MouseButton.LeftButton)
        await until(lambda: desk.session.models.value.opened == ModelChoice(str(other)))
        assert notice(desk) == ""

    drive(scenario)


def test_a_model_that_is_gone_at_the_start_gives_way_to_the_built_in_one(drive: Drive, other: Path):
    async def first(desk: Desk) -> None:
        await desk.ready()
        await opened(desk, other)

    async def second(desk: Desk) -> None:
        await until(lambda: "other was not opened." in notice(desk))
        assert desk.session.models.value.opened == BUILT_IN
        assert desk.services.settings.get(MODEL) == ModelChoice(str(other))

    drive(first)
    shutil.rmtree(other)
    drive(second)


def test_a_long_name_gives_way_in_the_header(drive: Drive, other: Path):
    folder = other.rename(other.with_name(LONG))

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        await opened(desk, folder)
        header, button = desk.window.header, desk.window.header.model
        laid_out = header.layout()
        assert laid_out
        for width in (desk.window.minimumWidth(), 1024, 1440):
            desk.window.resize(width, 640)
            await until(lambda: laid_out.geometry().width() == header.width())
            assert desk.window.width() == width
            assert button.geometry().right() < header.state.geometry().left()
            assert header.state.geometry().right() <= header.width()
        assert LONG in button.toolTip()

    drive(scenario)


def test_every_control_of_every_dialog_has_a_name(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        for open_one in (
            desk.session.dialogs.open_models,
            desk.session.dialogs.open_server,
            desk.session.dialogs.open_settings,
            desk.session.dialogs.open_speed,
        ):
            open_one()
        shown = [each for each in desk.window.findChildren(Dialog) if each.isVisible()]
        assert len(shown) == 4
        assert all(each.height() >= each.minimumSizeHint().height() > 50 for each in shown)
        assert desk.nameless_controls() == []

    drive(scenario)
