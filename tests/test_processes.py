"""What each process really loads: the window no engine, the worker no Qt, the entry next to none.

The import contracts see our own imports; these tests also see what libraries bring along.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NATIVE = ["numpy", "onnxruntime", "onnx", "tokenizers", "jinja2"]
QT = ["PySide6", "shiboken6", "qasync"]
PRINT_LOADED = "import json, sys; print(json.dumps([n for n in sys.argv[1:] if n in sys.modules]))"
OUTSIDE = (
    "app.engine",
    "app.worker.main",
    "app.worker.running",
    "app.worker.scheduler",
    "app.worker.templates",
    "app.downloader",
)


def import_all(belongs: Callable[[str], bool]) -> str:
    """Code that imports every module of the program whose dotted name `belongs`."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "app").rglob("*.py")]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return f"import {', '.join(filter(belongs, sorted(names)))}"


def loaded(code: str, names: list[str]) -> list[str]:
    """Which of `names` a fresh Python has loaded after running `code`."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{code}\n{PRINT_LOADED}", *names],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_API": "pyside6", "ORT_DISABLE_TELEMETRY": "1"},
    )
    return json.loads(done.stdout)


def test_the_check_sees_what_is_loaded() -> None:
    assert loaded("import numpy", ["numpy", "PySide6"]) == ["numpy"]


def test_the_entry_loads_nothing_heavy() -> None:
    heavy = [*NATIVE, *QT, "asyncio", "click", "rich", "msgspec", "app.bootstrap"]
    assert loaded("import app.__main__", heavy) == []


def test_the_window_process_loads_no_engine() -> None:
    everything = import_all(lambda name: not name.startswith(OUTSIDE))
    names = [*NATIVE, "app.engine", "app.ui.window", "app.worker.client"]
    assert loaded(everything, names) == ["app.ui.window", "app.worker.client"]


def test_the_terminal_process_loads_no_engine_no_qt_and_no_store() -> None:
    code = "import app.bootstrap, app.cli.main, app.worker.client"
    assert loaded(code, [*NATIVE, *QT, "apsw"]) == []


def test_the_template_process_loads_jinja_and_nothing_else_that_is_heavy() -> None:
    heavy = [*NATIVE, *QT, "asyncio", "apsw", "click", "rich"]
    assert loaded("import app.worker.templates.child", heavy) == ["jinja2"]


@pytest.mark.parametrize("package", ["app.engine", "app.worker"])
def test_the_worker_process_loads_no_qt(package: str) -> None:
    everything = import_all(lambda name: name.startswith(package))
    assert loaded(everything, [*QT, "app.ui", "onnxruntime"]) == ["onnxruntime"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_running_window_maps_qt_and_its_worker_the_runtime(profile: Path) -> None:
    command = [sys.executable, "-P", "-m", "app"]
    environment = {**os.environ, "CANDOR_HOME": str(profile)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as window:
        try:
            worker = wait_for_worker(window.pid)
            assert mapped(window.pid) == {"Qt"}
            assert mapped(worker) == {"onnxruntime", "numpy"}
        finally:
            window.send_signal(signal.SIGTERM)
        assert window.wait(timeout=20) == 0
    assert not Path(f"/proc/{worker}").exists()


def wait_for_worker(parent: int) -> int:
    """The child of `parent` that has loaded ONNX Runtime."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in children(parent):
            if "onnxruntime" in mapped(child):
                return child
        time.sleep(0.05)
    pytest.fail("no worker came")


def children(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = status.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{parent}\n" in fields:
            yield int(status.parent.name)


def mapped(pid: int) -> set[str]:
    """Which of the native libraries that matter the process has in memory."""
    marks = {
        "Qt": "libQt6Core",
        "onnxruntime": "onnxruntime_pybind11_state",
        "numpy": "_multiarray_umath",
    }
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return set()
    return {name for name, mark in marks.items() if mark in maps}
