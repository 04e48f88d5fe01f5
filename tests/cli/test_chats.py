"""`candor chats`: what the window kept goes out to a file and comes in again, equal."""

import csv
import io
import json
from pathlib import Path

import pytest

from app.domain.chats import WholeChat, renumbered
from app.services.exports.document import decode, encode
from app.services.profile_lock import ProfileLock
from app.services.store.chat_file import ChatFile
from tests.cli.program import Program
from tests.services.exports.chats import whole_chat


@pytest.fixture
def kept(tmp_path: Path) -> Program:
    """The program, with two chats in its profile."""
    own = Program(tmp_path / "own")
    file = ChatFile(own.home / "chats.db")
    file.open()
    numbers = iter(range(1, 100))
    file.add([renumbered(whole_chat(title=f"Chat {n}"), n, lambda: next(numbers)) for n in (1, 2)])
    file.close()
    return own


def test_chats_go_out_and_come_in_again_equal(kept: Program, tmp_path: Path) -> None:
    file, again = tmp_path / "all.json", tmp_path / "again.json"
    out = kept.run("chats", "export", str(file))
    assert (out.status, out.out) == (0, "")
    assert "2 chats" in out.err
    other = Program(tmp_path / "other")
    assert other.run("chats", "import", str(file)).status == 0
    assert other.run("chats", "export", str(again)).status == 0
    first, second = decode(file.read_bytes()), decode(again.read_bytes())
    assert [chat.summary.title for chat in first.chats] == ["Chat 2", "Chat 1"]
    assert [shape(chat) for chat in second.chats[::-1]] == [shape(chat) for chat in first.chats]


def shape(chat: WholeChat) -> tuple[object, ...]:
    """All of a chat but what an import sets: its ids, and when it was changed."""
    plain = renumbered(chat, 0, iter(range(100)).__next__)
    return plain.nodes, plain.written_at, plain.summary.title, plain.summary.leaf


def test_one_chat_as_a_table_and_as_a_page(kept: Program, tmp_path: Path) -> None:
    out = kept.run("chats", "export", "-", "--format", "csv", "--chat", "1")
    titles = {json.loads(row["title"]) for row in csv.DictReader(io.StringIO(out.out))}
    assert titles == {"Chat 1"}
    assert kept.run("chats", "export", str(tmp_path / "a.html"), "--chat", "2").status == 0
    assert b"<title>Chat 2</title>" in (tmp_path / "a.html").read_bytes()
    lines = kept.run("chats", "list").out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["Chat 2", "Chat 1"]


def test_what_cannot_be_done_is_said(kept: Program) -> None:
    for arguments, sentence in (
        (("export", "all.html"), "A page shows one chat."),
        (("export", "a.json", "--chat", "9"), "There is no chat 9."),
        (("import", "/dev/null"), "This is no export"),
    ):
        result = kept.run("chats", *arguments)
        assert result.status == 1
        assert sentence in result.err


def test_a_window_that_is_open_keeps_its_chats_to_itself(kept: Program, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(encode([whole_chat()]))
    with ProfileLock(kept.home):
        result = kept.run("chats", "import", str(file))
    assert result.status == 1
    assert "already open" in result.err
