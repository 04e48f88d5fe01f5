"""What a person finds as it was left: the look of the window and how answers are asked for."""

import errno
import os
from collections.abc import Callable

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from app import paths
from app.domain.heat import HeatMode
from app.services.settings import THEME, ThemeChoice
from app.ui.theme.palette import DARK, LIGHT
from app.ui.theme.style import Appearance
from tests.ui.desk import Desk, until

Drive = Callable[..., None]
SIZE = QSize(1180, 640)


def test_choices_come_back_after_a_restart(drive: Drive) -> None:
    async def first(desk: Desk) -> None:
        await desk.ready()
        desk.window.resize(SIZE)
        for kind, name in (
            (QPushButton, "Colour words by rank"),
            (QPushButton, "Reasoning off"),
            (QToolButton, "Hide the chats"),
        ):
            QTest.mouseClick(desk.find(kind, name), Qt.MouseButton.LeftButton)
        desk.window.sampling.temperature.field.setValue(1.25)
        desk.window.sampling.seed.chosen.emit(11)
        desk.window.sampling.longest.chosen.emit(50)

    async def second(desk: Desk) -> None:
        assert desk.window.height() == SIZE.height()  # the screen offscreen is less wide
        desk.window.resize(SIZE)
        assert not desk.window.sidebar.isVisible()
        assert desk.window.legend.scale.hot.text() == "10+"
        await desk.ready()
        assert desk.chat.heat.mode is HeatMode.RANK
        options = desk.chat.sampling.options()
        assert options.reasoning is False
        assert (options.sampling.temperature, options.sampling.seed) == (1.25, 11)
        assert options.max_tokens == 50
        assert desk.window.sampling.temperature.field.value() == 1.25
        desk.chat.sampling.reset()

    async def third(desk: Desk) -> None:
        await desk.ready()
        assert desk.chat.sampling.is_default

    drive(first)
    drive(second)
    drive(third)


def test_the_theme_follows_the_setting(drive: Drive, appearance: Appearance) -> None:
    async def scenario(desk: Desk) -> None:
        for choice, theme in ((ThemeChoice.DARK, DARK), (ThemeChoice.LIGHT, LIGHT)):
            desk.services.settings.set(THEME, choice)
            assert appearance.theme is theme

    drive(scenario)


def test_damaged_settings_are_told_with_the_place_where_they_are_kept(drive: Drive) -> None:
    paths.make_private(paths.profile())
    paths.settings().write_text("{")

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        aside = next(paths.profile().glob("settings-damaged-*.json"))
        assert "settings was damaged" in desk.window.banner.message.text()
        assert str(aside) in desk.window.banner.hint.text()

    drive(scenario)


def test_no_notice_hides_another_for_good(drive: Drive) -> None:
    paths.make_private(paths.profile())
    paths.settings().write_text("{")
    paths.chats().write_bytes(b"no database " * 1000)

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        said: list[str] = []
        while desk.window.banner.isVisible():
            said.append(desk.window.banner.message.text())
            QTest.mouseClick(desk.find(QPushButton, "Dismiss"), Qt.MouseButton.LeftButton)
        assert len(said) == 2
        assert "chats was damaged" in said[0]
        assert "settings was damaged" in said[1]

    drive(scenario)


def test_a_full_disk_is_a_sentence_and_the_choice_holds(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            desk.chat.heat.choose(HeatMode.RANK)
            await until(lambda: "disk is full" in desk.window.banner.message.text())
        assert desk.chat.heat.mode is HeatMode.RANK
        turn = await desk.ask_briefly("Hello")
        assert turn.tokens

    drive(scenario)
