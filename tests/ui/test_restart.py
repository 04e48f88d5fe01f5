"""What a person finds after Candor ended, well or badly, and when the disk does not do its part."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app import paths
from app.domain.conversation import Turn, TurnState
from app.domain.tokens import Channel
from app.services.store.chat_file import ChatFile
from app.services.store.connection import connect
from tests.services.store.limited import SmallDisk
from tests.ui.desk import Desk, until

ROOT = Path(__file__).parents[2]
Drive = Callable[..., None]
QUESTION = "What is 348 + 276?"
# An honest "I do not know" has two wordings, so one of its tokens is always near one bit.
UNSURE = "What is the capital of France?"
PATIENCE_S = 60.0


def colours(desk: Desk, turn: Turn) -> list[str | None]:
    """The colour of each token of an answer, in their order."""
    view = desk.view(turn)
    texts = [next(t for t in view.texts() if t.holds(i)) for i in range(len(turn.tokens))]
    return [text.colour_at(index) for index, text in enumerate(texts)]


def test_a_restart_brings_the_chat_back_with_every_number_and_colour(drive: Drive):
    before: list[tuple[Turn, ...]] = []
    seen: list[list[str | None]] = []

    async def first(desk: Desk) -> None:
        await desk.ready()
        desk.window.sampling.temperature.field.setValue(2.0)
        await desk.ask_briefly(QUESTION)
        turn = await desk.ask(UNSURE)
        before.append(desk.turns)
        seen.append(colours(desk, turn))

    async def second(desk: Desk) -> None:
        await desk.ready()
        assert desk.turns == before[0]
        turn = desk.turns[-1]
        view = desk.view(turn)
        assert view.answer.toPlainText() == turn.text
        assert view.reasoning.body.toPlainText() == turn.reasoning
        assert view.reasoning.body.token_count == turn.count(Channel.REASONING)
        assert desk.view(desk.turns[1]).note == before[0][1].note
        assert colours(desk, turn) == seen[0]
        assert any(seen[0])
        assert turn.usage
        used = turn.usage.prompt_tokens + turn.usage.completion_tokens
        assert desk.chat.status.value.context_used == used
        assert not desk.composer.stop.isVisible()
        await desk.ask_briefly(QUESTION)
        assert len(desk.turns) == len(before[0]) + 2

    drive(first)
    drive(second)


def test_versions_and_the_chosen_one_come_back_after_a_restart(drive: Drive):
    shown: list[tuple[Turn, ...]] = []
    seen: list[list[str | None]] = []

    async def first(desk: Desk) -> None:
        await desk.ready()
        desk.window.sampling.temperature.field.setValue(2.0)
        await desk.ask_briefly(QUESTION)
        turn = await desk.ask_briefly(UNSURE)
        desk.chat.edit(desk.turns[0].id, "Hello")
        await until(lambda: len(desk.turns) == 2)
        await desk.answered()
        desk.chat.step_version(desk.turns[0].id, -1)
        await until(lambda: len(desk.turns) == 4)
        shown.append(desk.turns)
        seen.append(colours(desk, turn))

    async def second(desk: Desk) -> None:
        await desk.ready()
        assert desk.turns == shown[0]
        assert colours(desk, desk.turns[-1]) == seen[0]
        desk.chat.step_version(desk.turns[0].id, 1)
        await until(lambda: len(desk.turns) == 2)
        assert desk.turns[0].text == "Hello"
        assert desk.turns[1].tokens

    drive(first)
    drive(second)


def test_an_answer_that_closing_cut_off_is_shown_as_stopped(drive: Drive):
    async def first(desk: Desk) -> None:
        await desk.ready()
        desk.write(QUESTION)
        desk.press(Qt.Key.Key_Return)
        await until(lambda: len(desk.turns) == 2 and desk.turns[-1].tokens)

    async def second(desk: Desk) -> None:
        await desk.ready()
        question, answer = desk.turns
        assert question.text == QUESTION
        assert answer.tokens
        assert answer.state in (TurnState.STOPPED, TurnState.FINISHED)
        assert desk.view(answer).reasoning.body.toPlainText() == answer.reasoning

    drive(first)
    drive(second)


def test_a_new_chat_is_stored_apart_and_both_stay(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        first = await desk.ask_briefly(QUESTION)
        QTest.mouseClick(desk.find(QPushButton, "New chat"), Qt.MouseButton.LeftButton)
        await until(lambda: desk.turns == ())
        second = await desk.ask_briefly("Hello")
        summaries = await desk.services.store.chats()
        chats = [await desk.services.store.read(each) for each in summaries]
        assert [chat.summary.title for chat in chats] == ["Hello", QUESTION]
        assert [chat.turns[-1] for chat in chats] == [second, first]

    drive(scenario)


def test_a_full_disk_is_told_and_the_chat_goes_on(drive: Drive):
    disk = SmallDisk()

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        disk.fill()
        turn = await desk.ask(QUESTION)
        assert "disk is full" in desk.window.banner.message.text()
        assert desk.window.banner.isVisible()
        assert turn.tokens
        disk.free()
        await desk.ask_briefly(QUESTION)
        assert not desk.window.banner.isVisible()
        stored = await desk.services.store.read((await desk.services.store.chats())[0])
        assert stored.turns == desk.turns

    drive(scenario, file=ChatFile(paths.chats(), disk.connect))


def test_a_damaged_file_is_told_with_the_place_where_it_is_kept(drive: Drive):
    paths.make_private(paths.profile())
    paths.chats().write_bytes(b"no database " * 1000)

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        aside = next(paths.profile().glob("chats-damaged-*.db"))
        assert "damaged" in desk.window.banner.message.text()
        assert str(aside) in desk.window.banner.hint.text()
        assert desk.transcript.welcome.isVisible()

    drive(scenario)


def test_chats_of_a_newer_version_are_left_alone_and_one_can_still_chat(drive: Drive):
    connection = connect(paths.chats())
    connection.pragma("user_version", 99)
    connection.close()

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        assert "newer version" in desk.window.banner.message.text()
        turn = await desk.ask_briefly(QUESTION)
        assert turn.tokens
        assert "newer version" in desk.window.banner.message.text()

    drive(scenario)
    assert paths.chats().exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_answer_that_a_kill_cut_off_is_shown_as_interrupted(drive: Drive):
    length = killed_in_the_middle()

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        question, answer = desk.turns
        assert question.text == QUESTION
        assert_interrupted(desk, answer, length)

    drive(scenario)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_kill_amid_another_answer_loses_neither_of_the_two(drive: Drive):
    length = killed_in_the_middle("again")

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        question, second = desk.turns
        assert_interrupted(desk, second, length)
        desk.chat.step_version(second.id, -1)
        await until(lambda: desk.turns[-1].id != second.id)
        assert desk.turns[0] == question
        assert desk.turns[-1].state is TurnState.STOPPED
        assert desk.turns[-1].tokens
        await until(lambda: desk.transcript.answer(desk.turns[-1].id))
        desk.find(QPushButton, "Version of the answer after this one")

    drive(scenario)


def killed_in_the_middle(*arguments: str) -> int:
    """Kill a window amid an answer, and its worker; how many tokens were shown."""
    command = [sys.executable, "-P", "-m", "tests.ui.standstill", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as window:
        assert window.stdout
        length, worker = map(int, window.stdout.readline().split())
        window.kill()
        os.kill(worker, signal.SIGKILL)
    return length


def assert_interrupted(desk: Desk, answer: Turn, length: int) -> None:
    assert answer.state is TurnState.INTERRUPTED
    assert len(answer.tokens) >= length > 0
    assert desk.view(answer).note.startswith("Interrupted: ")
    assert "restarted" not in desk.view(answer).note
    assert desk.view(answer).reasoning.body.toPlainText() == answer.reasoning
    assert desk.view(answer).answer.toPlainText() == answer.text


def test_a_second_window_says_that_there_is_one(profile: Path):
    command = [sys.executable, "-P", "-m", "app"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as first:
        wait_for(profile / "lock", str(first.pid))
        second = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
        first.kill()
    assert second.returncode == 2
    assert second.stderr.decode() == (
        f"Candor is already open, as process {first.pid}. Use its window.\n"
    )


def wait_for(path: Path, content: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (path.exists() and path.read_text() == content):
        assert time.monotonic() < deadline, "no window came"
        time.sleep(0.02)
