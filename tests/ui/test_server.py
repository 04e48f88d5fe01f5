"""The server's switch in the window: other programs use the model that the person chats with."""

import socket
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from app.services.settings import SERVER_ON, SERVER_PORT
from app.ui.panes.server import ServerDialog
from app.ui.sidebar.foot import OFFLINE, SHARED
from app.ui.viewmodels.server import ServerState, sentence
from tests.ui.desk import Desk, until
from tests.ui.test_shared_engine import ask

Drive = Callable[..., None]


def opened(desk: Desk) -> ServerDialog:
    desk.window.resize(1280, 800)  # room for the sidebar
    QTest.mouseClick(desk.find(QPushButton, "Server"), Qt.MouseButton.LeftButton)
    dialog = desk.session.dialogs.server
    assert dialog
    assert dialog.isVisible()
    return dialog


async def switched_on(desk: Desk, port: int = 0) -> ServerDialog:
    desk.session.server.set_port(port)
    dialog = opened(desk)
    QTest.mouseClick(dialog.switch, Qt.MouseButton.LeftButton)
    await until(lambda: desk.session.server.value.state is ServerState.ON)
    return dialog


def test_it_is_off_until_a_person_switches_it_on_and_off_again_when_they_say_so(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        server = desk.session.server
        assert server.value.state is ServerState.OFF
        assert desk.window.sidebar.foot.words.text() == OFFLINE
        dialog = await switched_on(desk)
        assert dialog.switch.isChecked()
        assert desk.window.sidebar.foot.words.text() == SHARED
        endpoint = server.value.endpoint
        assert endpoint
        assert dialog.address.field.text() == endpoint.url
        assert endpoint.url.startswith("http://127.0.0.1:")
        assert dialog.model.field.text() == "candor-small"
        status = ask(endpoint)
        await until(status.done)
        assert status.result() == 200
        QTest.keyClick(dialog.switch, Qt.Key.Key_Space)
        await until(lambda: server.value.state is ServerState.OFF)
        assert desk.window.sidebar.foot.words.text() == OFFLINE
        assert dialog.address.field.text() == ""

    drive(scenario)


def test_the_token_is_hidden_until_it_is_asked_for_and_can_be_copied(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = await switched_on(desk)
        endpoint = desk.session.server.value.endpoint
        assert endpoint
        field = dialog.token.field
        assert field.echoMode() is QLineEdit.EchoMode.Password
        copy, show = (button(dialog, name) for name in ("Copy the token", "Show the token"))
        QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
        assert QGuiApplication.clipboard().text() == endpoint.token
        QTest.mouseClick(show, Qt.MouseButton.LeftButton)
        assert field.echoMode() is QLineEdit.EchoMode.Normal
        assert field.text() == endpoint.token

    drive(scenario)


def button(dialog: ServerDialog, name: str) -> QPushButton:
    found = [b for b in dialog.findChildren(QPushButton) if b.accessibleName() == name]
    assert len(found) == 1
    return found[0]


def test_requests_are_counted_while_they_run(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        dialog = await switched_on(desk)
        said: list[str] = []
        desk.session.server.changed.connect(lambda value: said.append(dialog.state.text()))
        endpoint = desk.session.server.value.endpoint
        assert endpoint
        answers = [ask(endpoint) for _ in range(3)]
        desk.chat.send("Hello")
        turn = await desk.answered()
        await until(lambda: all(answer.done() for answer in answers))
        assert [answer.result() for answer in answers] == [200] * 3
        assert turn.text
        assert "On. 3 requests are being answered or wait." in said
        await until(lambda: desk.session.server.value.requests == 0)
        assert dialog.state.text() == "On. No request at the moment."

    drive(scenario)


def test_a_taken_port_is_a_sentence_and_another_one_helps(drive: Drive):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        async def scenario(desk: Desk) -> None:
            await desk.ready()
            server = desk.session.server
            server.set_port(taken)
            dialog = opened(desk)
            QTest.mouseClick(dialog.switch, Qt.MouseButton.LeftButton)
            await until(lambda: server.value.state is ServerState.FAILED)
            words = dialog.state.text()
            assert words.startswith(f"Port {taken} is taken by another program. Choose another")
            assert dialog.switch.isChecked()
            assert desk.window.sidebar.foot.words.text() == OFFLINE
            field = dialog.port.field
            field.selectAll()
            QTest.keyClicks(field, "soon")
            QTest.keyClick(field, Qt.Key.Key_Return)
            assert "is no whole number" in dialog.port.complaint.text()
            field.selectAll()
            QTest.keyClicks(field, "0")
            QTest.keyClick(field, Qt.Key.Key_Return)
            await until(lambda: server.value.state is ServerState.ON)
            assert dialog.isVisible()

        drive(scenario)


def test_it_starts_again_only_where_it_was_left_on(drive: Drive):
    async def first(desk: Desk) -> None:
        await desk.ready()
        await switched_on(desk)

    async def second(desk: Desk) -> None:
        await until(lambda: desk.session.server.value.state is ServerState.ON)
        assert desk.services.settings.get(SERVER_PORT) == 0
        desk.session.server.switch(False)
        await until(lambda: desk.session.server.value.state is ServerState.OFF)

    async def third(desk: Desk) -> None:
        await desk.ready()
        assert not desk.services.settings.get(SERVER_ON)
        assert sentence(desk.session.server.value) == "Off."

    drive(first)
    drive(second)
    drive(third)


def test_a_quick_hand_at_the_switch_ends_as_it_stands(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        server = desk.session.server
        server.set_port(0)
        for on in (True, False, True, False, True):
            server.switch(on)
        await until(lambda: server.value.state is ServerState.ON)
        for on in (False, True, False):
            server.switch(on)
        await until(lambda: server.value.state is ServerState.OFF)

    drive(scenario)
