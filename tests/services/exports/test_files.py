"""Export files: named by their end, written whole or not at all, and explained where they fail."""

import errno
import os
from pathlib import Path

import pytest

from app.errors import DiskFull, EnvironmentFault, InvalidRequest
from app.services.exports import files
from app.services.exports.document import read
from app.services.exports.files import Contents, Format, format_of, made
from tests.services.exports.chats import whole_chat


def test_a_name_says_the_format() -> None:
    assert [format_of(Path(f"a.{end}")) for end in ("json", "CSV", "html")] == list(Format)
    with pytest.raises(InvalidRequest, match=r"\.json, \.csv or \.html"):
        format_of(Path("a.txt"))


def test_a_page_holds_one_chat() -> None:
    for chats in ((), (whole_chat(), whole_chat())):
        with pytest.raises(InvalidRequest, match="one chat"):
            made(Contents(chats), Format.HTML)


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("before")
    files.write(file, made(Contents((whole_chat(),)), Format.JSON))
    assert len(read(file).chats) == 1
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EnvironmentFault, match=r"a\.json cannot be written: No such file"):
        files.write(tmp_path / "none" / "a.json", b"x")
    file = tmp_path / "a.json"
    file.write_text("before")
    monkeypatch.setattr(files.os, "fsync", _full)
    with pytest.raises(DiskFull, match=r"no room for a\.json"):
        files.write(file, b"x")
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def _full(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
