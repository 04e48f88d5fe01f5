"""Chats in a real SQLite file: what is kept comes back, and no damage is hidden or lasting."""

import stat
import sys
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.chats import Node, StoredChat
from app.domain.conversation import Turn, TurnState
from app.domain.drafting import DraftKind, DraftReport
from app.domain.events import Timings, Usage
from app.domain.messages import Role
from app.errors import StoreUnavailable
from app.services.store import schema
from app.services.store.chat_file import ChatFile
from app.services.store.connection import connect
from app.services.store.messages import BLOCK
from tests.services.store.turns import answer, exchange, question

REPORT = DraftReport(
    kind=DraftKind.MODEL,
    model="small",
    positions=((3, 2), (2, 1)),
    drafts=3,
    speedup=4 / 3,
    plain_tokens_per_s=0.1 + 0.2,
    notes=("Some note.",),
)
SEVERAL_BLOCKS = 2 * BLOCK + 17


def latest(file: ChatFile) -> StoredChat:
    return file.read(file.summaries()[0])


def reopened(file: ChatFile, path: Path) -> ChatFile:
    """The file after a clean end and another start."""
    file.close()
    again = ChatFile(path)
    assert again.open() is None
    return again


def test_a_chat_comes_back_equal_after_a_restart(file: ChatFile, path: Path):
    said = replace(
        answer(2, SEVERAL_BLOCKS),
        reasoning="Since.",
        tool_call="{}",
        note="Cut off.",
        reasoning_s=0.1 + 0.2,
        usage=Usage(11, 12, 3, 4),
        timings=Timings(0.1, 1000 / 3, 41.5),
        drafting=REPORT,
    )
    file.keep(1, [Node(question(1), None), Node(said, 1)])
    again = reopened(file, path)
    assert latest(again).turns == (question(1), said)
    assert latest(again).summary.title == "Why?"
    again.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=50), note=st.text(max_size=20))
def test_any_text_comes_back_as_it_was(file: ChatFile, text: str, note: str):
    turn = Turn(id=1, role=Role.USER, text=text, note=note)
    file.keep(1, [Node(turn, None)])
    assert latest(file).turns == (turn,)


def test_a_growing_answer_is_appended_to_and_ends_as_one(file: ChatFile):
    file.keep(1, exchange(1))
    for length in (0, 5, 9):
        growing = answer(4, length, TurnState.STREAMING)
        file.keep(1, [Node(question(3), 2), Node(growing, 3)])
        assert latest(file).turns[-1] == growing
    file.keep(1, [Node(answer(4, 12), 3)])
    assert latest(file).turns[-1] == answer(4, 12)


def test_another_answer_to_a_question_keeps_the_first(file: ChatFile):
    first, second, other = *exchange(1), Node(answer(3, 9), 1)
    file.keep(1, [first, second])
    file.keep(1, [other])
    chat = latest(file)
    assert chat.turns == (first.turn, other.turn)
    assert chat.tree.versions(3) == (2, 3)
    file.point(1, 2)
    assert latest(file).turns == (first.turn, second.turn)


def test_chats_are_listed_by_their_last_message(file: ChatFile):
    file.keep(1, exchange(1))
    file.keep(2, exchange(3))
    assert [chat.title for chat in file.summaries()] == ["Question 3", "Question 1"]
    file.keep(1, exchange(5, parent=2))
    assert [chat.title for chat in file.summaries()] == ["Question 1", "Question 3"]
    assert [turn.id for turn in latest(file).turns] == [1, 2, 5, 6]
    assert file.highest_ids() == (2, 6)


def test_an_answer_left_open_comes_back_as_interrupted(file: ChatFile, path: Path):
    silent, growing = answer(2, 0, TurnState.STREAMING), answer(4, 5, TurnState.STREAMING)
    file.keep(1, [Node(question(1), None), Node(silent, 1)])
    file.keep(2, [Node(question(3), None), Node(growing, 3)])
    again = reopened(file, path)
    for summary, left in zip(again.summaries(), (growing, silent), strict=True):
        found = again.read(summary).turns[-1]
        assert found.state is TurnState.INTERRUPTED
        assert found.note.startswith("Interrupted: ")
        assert ("No answer came" in found.note) is (left is silent)
        assert found.tokens == left.tokens
    again.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_can_read_what_is_kept(file: ChatFile, path: Path):
    file.keep(1, exchange(1))
    files = sorted(path.parent.iterdir())
    assert [each.name for each in files] == ["chats.db", "chats.db-shm", "chats.db-wal"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_connection_can_encrypt_and_loses_nothing(path: Path):
    connection = connect(path)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert {name: connection.pragma(name) for name in wanted} == wanted
    assert connection.pragma("cipher")
    connection.close()


def test_a_library_without_encryption_stores_nothing(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(apsw, "mc_version")
    with pytest.raises(StoreUnavailable, match="cannot encrypt"):
        ChatFile(path).open()
    assert not path.exists()


def test_a_newer_schema_is_left_alone(file: ChatFile, path: Path):
    file.keep(1, exchange(1))
    file.close()
    with connect(path) as connection:
        connection.pragma("user_version", 99)
    connection.close()
    before = path.read_bytes()
    late = ChatFile(path)
    with pytest.raises(StoreUnavailable, match="newer version"):
        late.open()
    with pytest.raises(StoreUnavailable, match="newer version"):
        late.keep(2, exchange(9))
    late.close()
    assert path.read_bytes() == before


def test_a_step_of_the_schema_happens_whole_or_not_at_all(path: Path):
    connection = connect(path)
    steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"]
    with pytest.raises(apsw.SQLError):
        schema.migrate(connection, steps)
    tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert (tables, connection.pragma("user_version")) == ([("a",)], 1)
    schema.migrate(connection, [steps[0], "CREATE TABLE b (x)"])
    assert connection.pragma("user_version") == 2
    connection.close()


@pytest.mark.parametrize("place", ["head", "middle", "everywhere", "nothing left"])
def test_a_damaged_file_is_put_aside_and_a_new_one_begun(file: ChatFile, path: Path, place: str):
    file.keep(1, exchange(1, length=SEVERAL_BLOCKS))
    file.close()
    damaged = damage(bytearray(path.read_bytes()), place)
    path.write_bytes(damaged)
    again = ChatFile(path)
    aside = again.open()
    assert aside
    assert aside.read_bytes() == damaged
    assert again.summaries() == ()
    again.keep(1, exchange(1))
    assert reopened_titles(again, path) == ["Question 1"]


def damage(content: bytearray, place: str) -> bytes:
    """The content with a page of noise; `head` hits the header, `middle` a page far from it."""
    noise = bytes(range(1, 256)) * 17
    if place == "everywhere":
        return noise
    if place == "nothing left":
        return b""
    start = 0 if place == "head" else len(content) // 2 // 4096 * 4096
    content[start : start + 4096] = noise[:4096]
    return bytes(content)


def reopened_titles(file: ChatFile, path: Path) -> list[str]:
    again = reopened(file, path)
    titles = [chat.title for chat in again.summaries()]
    again.close()
    return titles


def test_damaged_token_rows_cost_their_numbers_and_never_the_text(file: ChatFile, path: Path):
    file.keep(1, exchange(1))
    file.close()
    with connect(path) as connection:
        connection.execute("UPDATE token_rows SET rows = x'00'")
    connection.close()
    again = ChatFile(path)
    assert again.open() is None
    said = latest(again).turns[-1]
    assert (said.text, said.tokens) == (answer(2).text, ())
    assert "damaged" in said.note
    again.close()


def test_a_folder_in_the_place_of_the_file_is_said(path: Path):
    path.mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match="cannot be stored"):
        ChatFile(path).open()
