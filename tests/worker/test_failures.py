"""Whatever a request raises has a code, a sentence and a log line without its text."""

import pytest

from app.errors import ContextExceeded
from app.worker.failures import failed

SECRET = "canary-4711"


class Panic(BaseException):
    """What a Rust library raises when it panics: no `Exception`."""


def test_our_errors_pass_as_they_are() -> None:
    event = failed(ContextExceeded("Too long.", "Shorten it."))
    assert (event.code, event.message, event.hint) == (
        "context_length_exceeded",
        "Too long.",
        "Shorten it.",
    )


def test_a_failed_allocation_is_out_of_memory() -> None:
    event = failed(MemoryError())
    assert event.code == "out_of_memory"
    assert event.hint


@pytest.mark.expects_log
def test_anything_else_is_a_bug_and_its_text_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise Panic(SECRET)
    except Panic as error:
        event = failed(error)
    assert event.code == "bug"
    assert "Panic" in event.message
    assert SECRET not in event.message + caplog.text
    assert "test_failures.py" in caplog.text
