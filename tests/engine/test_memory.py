"""Memory for caches is taken as it is written, not as it is reserved."""

import sys
from pathlib import Path

import numpy as np
import pytest

from app.engine.runtime.memory import physical_memory, unwritten_zeros


def private_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers come from /proc")
def test_one_position_of_every_head_takes_a_page_each_and_not_more() -> None:
    before = private_bytes()
    cache = unwritten_zeros((2, 64, 8192, 64), np.float32)
    cache[0, :, 0] = 1.0
    assert cache.nbytes == 256 * 2**20
    assert private_bytes() - before < 4 * 2**20
    assert cache[0, 5, 0, 0] == 1.0
    assert not cache[0, 5, 1:].any()


def test_nothing_takes_nothing() -> None:
    assert unwritten_zeros((1, 2, 0, 4), np.float16).shape == (1, 2, 0, 4)


def test_what_the_system_cannot_promise_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        unwritten_zeros((2**46,), np.float32)


def test_the_computer_has_memory() -> None:
    assert physical_memory() > 2**28
