"""The bar appears late, on terminals only, and leaves nothing behind."""

import asyncio
import io

from rich.console import Console

from app.cli.progress import ProgressBar


async def drawn(*, terminal: bool, patience: float) -> str:
    """What stands on the terminal's stream after a wait that was counted, then cleared."""
    file = io.StringIO()
    bar = ProgressBar(Console(file=file, force_terminal=terminal, width=60), patience)
    bar.update("Reading the prompt")
    await asyncio.sleep(0.05)
    bar.update("Reading the prompt", 128, 1024)
    bar.clear()
    return file.getvalue()


def test_a_long_wait_shows_a_bar_with_its_count_and_takes_it_away() -> None:
    text = asyncio.run(drawn(terminal=True, patience=0.01))
    assert "Reading the prompt" in text
    assert "128/1,024" in text
    assert text.endswith("\x1b[2K")


def test_a_short_wait_shows_nothing() -> None:
    assert asyncio.run(drawn(terminal=True, patience=5)) == ""


def test_a_pipe_gets_nothing() -> None:
    assert asyncio.run(drawn(terminal=False, patience=0.01)) == ""


async def _kept() -> tuple[str, str]:
    file = io.StringIO()
    bar = ProgressBar(Console(file=file, force_terminal=True, width=60), 0.01)
    with bar.kept():
        bar.update("Round 1 of 2", 1, 2)
        bar.clear()
        await asyncio.sleep(0.05)
        bar.clear()
        before = file.getvalue()
    return before, file.getvalue()


def test_a_kept_bar_outlives_its_requests() -> None:
    before, after = asyncio.run(_kept())
    assert "Round 1 of 2" in before
    assert after.endswith("\x1b[2K")
