"""What was shown as ended is still there after `kill -9`, of the window or of its worker."""

import sys
from pathlib import Path

import pytest

from tests.ui.kills import survived

SEEDS = (0, 3, 11)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_killed_at_any_moment_the_window_has_lost_no_ended_message(tmp_path: Path):
    assert sum(survived(seed, tmp_path / f"{seed}") for seed in SEEDS) > len(SEEDS)
