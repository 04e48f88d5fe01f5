"""A file of chats in the test's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.store.chat_file import ChatFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "chats.db"


@pytest.fixture
def file(path: Path) -> Iterator[ChatFile]:
    """Open, and closed at the end."""
    file = ChatFile(path)
    assert file.open() is None
    yield file
    file.close()
