"""The token's file: made once, private, and refused where it is not."""

import os
import stat
from pathlib import Path

import pytest

from app.errors import EnvironmentFault
from app.services.api_token import load_or_make

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")


def test_it_is_made_once_in_a_profile_that_is_not_there_yet(profile: Path) -> None:
    path = profile / "api-token"
    token = load_or_make(path)
    assert len(token) >= 43, "256 bits"
    assert load_or_make(path) == token
    assert list(profile.iterdir()) == [path]
    assert load_or_make(profile / "other") != token


@posix
def test_only_its_owner_can_read_it(profile: Path) -> None:
    path = profile / "api-token"
    load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(profile.stat().st_mode) == 0o700
    path.chmod(0o640)
    with pytest.raises(EnvironmentFault, match="Other users can read"):
        load_or_make(path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"two words in here, long\n", b"\xff" * 20])
def test_a_file_without_a_token_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(EnvironmentFault, match=str(path)):
        load_or_make(path)


def test_a_token_of_the_persons_own(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("correct-horse-battery-staple\n")
    path.chmod(0o600)
    assert load_or_make(path) == "correct-horse-battery-staple"


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        load_or_make(tmp_path / "file" / "token")
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        load_or_make(tmp_path)
