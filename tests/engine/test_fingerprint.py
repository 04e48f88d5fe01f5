"""A file's fingerprint follows its content, wherever that changes in a small one."""

from pathlib import Path

from app.engine.files import fingerprint as module
from app.engine.files.fingerprint import fingerprint, text_fingerprint


def test_it_follows_content_size_and_order(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"weights")
    other.write_bytes(b"weights!")
    assert fingerprint([one]) == fingerprint([one])
    assert fingerprint([one]) != fingerprint([other])
    assert fingerprint([one, other]) != fingerprint([other, one])
    other.write_bytes(b"weights")
    assert fingerprint([one]) == fingerprint([other]), "the name does not matter"


def test_a_large_file_is_sampled_from_end_to_end(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(module.WHOLE + 5)  # sparse: it takes no room
    before = fingerprint([file])
    for place in (0, module.WHOLE + 4):
        with file.open("r+b") as stream:
            stream.seek(place)
            stream.write(b"x")
        changed = fingerprint([file])
        assert changed != before
        before = changed


def test_no_template_has_no_fingerprint() -> None:
    assert text_fingerprint("") == ""
    assert text_fingerprint("a") != text_fingerprint("b")
