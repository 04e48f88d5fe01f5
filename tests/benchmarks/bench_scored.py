"""How quick a scored text of 100,000 tokens is; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_scored

It comes in chunks as from the model, is scrolled by pages and by jumps, and coloured anew.
Asked are gaps of at most 50 ms, and 20 ms for another mode.
"""

import asyncio
from collections.abc import Callable

from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.heat import HeatMode
from app.ui.collector import Collector
from app.ui.theme.style import Appearance
from app.ui.workbench.scored_text import ScoredTextView
from tests.benchmarks.bench_window import HUGE, PAGES, SIZE, Gaps, records, say, taken

CHUNK = 128
JUMPS = 40
MODES = (HeatMode.RANK, HeatMode.ENTROPY, HeatMode.SURPRISE) * 4


def main() -> None:
    application = QApplication([])
    view = ScoredTextView(Appearance(application).theme)
    view.resize(*SIZE)
    view.show()
    collector = Collector(application)
    with QEventLoop(application) as loop:
        loop.run_until_complete(_bench(view))
    collector.stop()


async def _bench(view: ScoredTextView) -> None:
    gaps = Gaps()
    watching = asyncio.ensure_future(gaps.watch())
    await _opened(view, gaps)
    bar = view.verticalScrollBar()
    await _scrolled(view, "by pages", PAGES, lambda step: step * bar.pageStep(), gaps)
    far = [bar.maximum() * (17 * step % JUMPS) // JUMPS for step in range(JUMPS)]
    await _scrolled(view, "by far jumps", JUMPS, far.__getitem__, gaps)
    watching.cancel()
    times = sorted(taken(lambda mode=mode: _recolour(view, mode)) for mode in MODES)
    print(f"another mode, set and painted: longest {times[-1]:.1f} ms")


async def _opened(view: ScoredTextView, gaps: Gaps) -> None:
    tokens = records(HUGE)
    await _at_rest(gaps)
    for first in range(0, HUGE, CHUNK):
        chunk = tokens[first : first + CHUNK]
        view.extend("".join(token.text for token in chunk), chunk)
        await asyncio.sleep(0.002)
    view.end()
    await asyncio.sleep(0.5)
    say(f"{HUGE:,} scored tokens, as they come", gaps)


async def _scrolled(
    view: ScoredTextView, how: str, steps: int, place: Callable[[int], int], gaps: Gaps
) -> None:
    await _at_rest(gaps)
    for step in range(steps):
        view.verticalScrollBar().setValue(place(step))
        _paint(view)
        await asyncio.sleep(0.03)
    say(f"scrolled and painted {how}", gaps)


async def _at_rest(gaps: Gaps) -> None:
    """Forget what was before."""
    await asyncio.sleep(0.1)
    gaps.clock, gaps.computed = [], []


def _recolour(view: ScoredTextView, mode: HeatMode) -> None:
    view.show_mode(mode)
    _paint(view)


def _paint(view: ScoredTextView) -> None:
    view.render(QImage(*SIZE, QImage.Format.Format_RGB32), sourceRegion=QRegion(view.rect()))


if __name__ == "__main__":
    main()
