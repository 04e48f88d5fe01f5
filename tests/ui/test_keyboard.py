"""The Tab key comes to every control that can be used, in the window and in each dialog."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
    QWidget,
)

from tests.ui.desk import Desk, name_of, until

Drive = Callable[..., None]
KINDS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
)
MOST_PRESSES = 200


def is_stop(widget: QWidget) -> bool:
    """Whether Tab must come here: arrows go on within a group, Esc empties the search."""
    if isinstance(widget.parent(), (QLineEdit, QAbstractSpinBox, QComboBox)):
        return False
    if isinstance(widget, QAbstractButton) and not widget.isChecked():
        group = widget.group()
        return not (widget.autoExclusive() or (group and group.exclusive()))
    return True


def expected(window: QWidget) -> set[str]:
    found = [widget for kind in KINDS for widget in window.findChildren(kind)]
    usable = [
        widget
        for widget in found
        if widget.window() is window and widget.isVisible() and widget.isEnabled()
    ]
    return {name_of(widget) for widget in usable if is_stop(widget)}


def reached(window: QWidget) -> set[str]:
    names: list[str] = []
    seen: list[QWidget] = []
    while len(seen) < MOST_PRESSES:
        focused = QApplication.focusWidget()
        assert focused
        assert focused.window() is window
        if focused in seen:
            return set(names)
        seen.append(focused)
        names.append(name_of(focused))
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    raise AssertionError("the Tab key never came back")


def test_the_tab_key_comes_to_every_control_of_the_window(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        desk.window.resize(1280, 800)
        await until(desk.window.sidebar.isVisible)
        await desk.ask("What is 12 + 7?")
        desk.write("Next")
        assert expected(desk.window) - reached(desk.window) == set()
        assert len(reached(desk.window)) > 25

    drive(scenario)


def test_the_tab_key_comes_to_every_control_of_each_dialog(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialogs = desk.session.dialogs
        names = [each for each in dir(dialogs) if each.startswith("open_")]
        assert len(names) > 3
        for name in names:
            getattr(dialogs, name)()
            dialog = getattr(dialogs, name.removeprefix("open_"))
            await until(
                lambda dialog=dialog: dialog.isActiveWindow() and QApplication.focusWidget()
            )
            assert expected(dialog) - reached(dialog) == set()
            dialog.close()

    drive(scenario)
