"""Event-loop gaps while tokens stream from the real worker; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_stream

A task that only sleeps a millisecond at a time measures how long the loop was away, once with
asyncio's own loop and once with Qt's. The target is no gap over 50 ms at 200 tokens a second.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication
from qasync import QEventLoop

from app.domain.events import Delta
from tests.engine.graphs import small_model
from tests.engine.reference import Shape
from tests.worker.harness import asking, loaded

TOKENS = 2000
TARGET_MS = 50.0


class Gaps:
    """How long the loop was away, measured from inside it."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []

    async def watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.milliseconds.append((now - last) * 1000 - 1)
            last = now


async def measure(model: Path) -> tuple[float, float, Gaps]:
    """Tokens a second, this process's share of a core, and the gaps."""
    async with loaded(model) as client:
        gaps = Gaps()
        watching = asyncio.ensure_future(gaps.watch())
        begin, used = time.perf_counter(), time.process_time()
        count = 0
        async for event in client.submit(asking(TOKENS)):
            if isinstance(event, Delta):
                count += len(event.tokens)
        seconds, used = time.perf_counter() - begin, time.process_time() - used
        watching.cancel()
        return count / seconds, used / seconds, gaps


def run_qt(work: Coroutine[object, object, tuple[float, float, Gaps]]) -> tuple[float, float, Gaps]:
    application = QCoreApplication(sys.argv)
    with QEventLoop(application) as loop:
        return loop.run_until_complete(work)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CANDOR_HOME"] = str(Path(folder) / "profile")
        model = small_model(Path(folder) / "model", Shape(context=4096))
        worst = 0.0
        for name, run in (("asyncio", asyncio.run), ("qasync", run_qt)):
            rate, share, gaps = run(measure(model))
            ordered = sorted(gaps.milliseconds)
            worst = max(worst, ordered[-1])
            late = ordered[int(len(ordered) * 0.99)]
            print(
                f"{name:8} {rate:6.0f} tokens/s  core {share:4.0%}"
                f"  gap 99 % {late:5.1f} ms  worst {ordered[-1]:5.1f} ms"
            )
    print(f"worst gap {worst:.1f} ms, target {TARGET_MS:.0f} ms")
    return int(worst > TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
