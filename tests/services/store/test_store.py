"""The door to the chats: what it has confirmed survives a kill, a full disk and a second start."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest

from app.domain.conversation import TurnState
from app.errors import CandorError
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore, Opened
from tests.services.store.limited import SmallDisk
from tests.services.store.turns import answer, exchange

ROOT = Path(__file__).parents[3]
KILLS = 6
MOST_LINES = 60

Scenario = Callable[[ChatStore], Awaitable[None]]


def drive(scenario: Scenario, file: ChatFile) -> None:
    async def main() -> None:
        store = ChatStore(file)
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(main())


def found(path: Path) -> Opened:
    """What a next start finds."""
    opened: list[Opened] = []

    async def scenario(store: ChatStore) -> None:
        opened.append(await store.open())

    drive(scenario, ChatFile(path))
    return opened[0]


def test_ids_go_on_after_a_restart(path: Path):
    async def begin(store: ChatStore) -> None:
        await store.open()
        assert (store.new_chat_id(), store.new_turn_id(), store.new_turn_id()) == (1, 1, 2)
        await store.keep(1, exchange(1))

    async def go_on(store: ChatStore) -> None:
        await store.open()
        assert (store.new_chat_id(), store.new_turn_id()) == (2, 3)

    drive(begin, ChatFile(path))
    drive(go_on, ChatFile(path))


def test_what_was_not_waited_for_is_stored_before_the_end(path: Path):
    async def scenario(store: ChatStore) -> None:
        await store.open()
        waiting = store.keep(1, exchange(1, length=2000))
        waiting.cancel()

    drive(scenario, ChatFile(path))
    latest = found(path).latest
    assert latest
    assert latest.turns[-1] == answer(2, 2000)


def test_killed_at_any_moment_it_has_lost_nothing_it_confirmed(path: Path):
    chance = random.Random(7)
    confirmed: dict[int, tuple[bool, int]] = {}
    for _ in range(KILLS):
        confirmed |= confirmed_until_killed(path, chance.randrange(1, MOST_LINES))
        file = ChatFile(path)
        assert file.open() is None
        assert_all_there(file, confirmed)
        file.close()
    assert sum(ended for ended, _ in confirmed.values()) > KILLS


def confirmed_until_killed(path: Path, lines: int) -> dict[int, tuple[bool, int]]:
    """Kill a writer after so many lines; by answer, whether it had ended and its length."""
    command = [sys.executable, "-P", "-m", "tests.services.store.writer", str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    fields = [line.split() for line in said if line.endswith(b"\n")]
    assert len(fields) >= lines
    return {int(id): (kind == b"kept", int(length)) for kind, id, length in fields}


def assert_all_there(file: ChatFile, confirmed: dict[int, tuple[bool, int]]) -> None:
    stored = {
        turn.id: turn for each in file.summaries() for turn in file.read(each).turns if turn.tokens
    }
    for id, (has_ended, length) in confirmed.items():
        if has_ended:
            assert stored[id] == answer(id, length)
        elif length:
            turn = stored[id]
            assert turn.tokens == answer(id, len(turn.tokens)).tokens
            assert len(turn.tokens) >= length
            assert turn.state in (TurnState.INTERRUPTED, TurnState.FINISHED)


def test_a_full_disk_is_said_and_what_waits_is_stored_once_there_is_room(path: Path):
    disk = SmallDisk()
    told: list[CandorError] = []

    async def scenario(store: ChatStore) -> None:
        store.on_failure(told.append)
        await store.open()
        await store.keep(1, exchange(1))
        disk.fill()
        await store.keep(1, exchange(3, parent=2, length=2000))
        assert [error.message for error in told] == [
            "The disk is full. The chat goes on, in memory only."
        ]
        latest = (await store.chats())[0]
        assert [turn.id for turn in (await store.read(latest)).turns] == [1, 2]
        disk.free()
        await store.keep(1, exchange(5, parent=4))
        assert len(told) == 1

    drive(scenario, ChatFile(path, disk.connect))
    latest = found(path).latest
    assert latest
    assert [turn.id for turn in latest.turns] == [1, 2, 3, 4, 5, 6]
    assert latest.turns[3] == answer(4, 2000)


@pytest.mark.expects_log
def test_a_disk_that_stays_full_does_not_keep_the_program_from_ending(path: Path):
    disk = SmallDisk()

    async def scenario(store: ChatStore) -> None:
        await store.open()
        disk.fill()
        await store.keep(1, exchange(1, length=2000))

    drive(scenario, ChatFile(path, disk.connect))
    assert found(path).latest is None


def test_a_file_that_another_process_writes_to_is_said(path: Path):
    told: list[CandorError] = []

    async def scenario(store: ChatStore) -> None:
        store.on_failure(told.append)
        await store.open()
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        await store.keep(1, exchange(1))
        other.close()
        assert [error.message.partition(":")[0] for error in told] == [
            "Your chats cannot be stored"
        ]

    drive(scenario, ChatFile(path))
    assert found(path).latest
