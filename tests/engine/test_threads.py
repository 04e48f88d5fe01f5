"""Models that are open at once compute on the same threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine import graphs

COUNT = """
import os, sys
from pathlib import Path

os.sched_setaffinity(0, range(os.cpu_count()))
from app.domain.requests import Provider
from app.engine.runtime.session import Session

open_sessions = []
for _ in range(3):
    print(len(os.listdir("/proc/self/task")))
    open_sessions.append(Session(Path(sys.argv[1]), Provider.CPU))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads through /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core needs no threads")
def test_a_second_session_brings_no_threads(tmp_path: Path) -> None:
    file = graphs.small_model(tmp_path) / "model.onnx"
    command = [sys.executable, "-P", "-c", COUNT, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    _, first, second = map(int, done.stdout.split())
    assert first == second
