"""What a terminal command leaves on the disk: a log without a word of the conversation."""

from pathlib import Path

from tests.cli.program import Program

CANARY = "wombat-4711"


def test_nothing_but_a_log_and_no_text_in_it(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    program.json("chat", f"Hello {CANARY}", "--max-tokens", "4")
    assert {path.name for path in program.home.iterdir()} <= {"logs"}
    left = [path for path in program.home.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if CANARY.encode() in path.read_bytes()]
