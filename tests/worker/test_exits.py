"""Every way to end has a sentence of its own."""

import pytest

from app.worker.exits import describe_exit


def test_known_ends_are_told_apart() -> None:
    statuses = [-6, -9, -11, 0xC0000005, 0xC000012D, 3]
    sentences = [describe_exit(status) for status in statuses]
    assert len(set(sentences)) == len(statuses)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (-9, "memory runs out (SIGKILL)"),
        (-11, "invalid memory access"),
        (0xC000012D, "memory ran out"),
        (1, "status 1"),
        (-200, "signal 200"),
    ],
)
def test_the_sentence_says_what_is_known(status: int, says: str) -> None:
    assert says in describe_exit(status)
