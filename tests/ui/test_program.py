"""The program as it is started: its processes, its end, what it never imports."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WINDOW = [sys.executable, "-P", "-m", "app"]


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    found = [(task / "children").read_text().split() for task in tasks.iterdir()]
    return [int(child) for each in found for child in each]


def wait_for_child(pid: int, seconds: float = 30.0) -> int:
    deadline = time.monotonic() + seconds
    while not (found := children(pid)):
        assert time.monotonic() < deadline, "no worker was started"
        time.sleep(0.02)
    return found[0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_and_its_worker_without_a_word(ending: signal.Signals):
    window = subprocess.Popen(WINDOW, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    worker = wait_for_child(window.pid)
    time.sleep(0.3)
    window.send_signal(ending)
    said = window.communicate(timeout=30)
    assert window.returncode == 0
    assert [line for line in said[1].splitlines() if b"propagateSizeHints" not in line] == []
    assert said[0] == b""
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_an_unknown_theme_is_refused_in_a_sentence():
    environment = os.environ | {"CANDOR_THEME": "purple"}
    done = subprocess.run(WINDOW, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode() == ("There is no theme 'purple'. Choose system, light, dark.\n")


def test_the_window_imports_no_engine():
    code = (
        "import sys; import app.bootstrap, app.ui.app;"
        "heavy = {'onnxruntime', 'onnx', 'numpy', 'tokenizers', 'jinja2', 'app.engine'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
