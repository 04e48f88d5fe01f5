"""Event-loop gaps while tokens stream into the open window; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_window [TOKENS]

Synthetic records, 200 a second, all in one paragraph: the layout's worst case. The target is no
gap over 50 ms.
"""

import asyncio
import math
import os
import random
import sys

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.conversation import Turn, TurnGrew
from app.domain.events import Delta
from app.domain.messages import Role
from app.domain.tokens import Channel, Source, TokenRecord
from app.ui.chat.transcript import TranscriptView
from app.ui.collector import Collector
from app.ui.theme.style import Appearance
from app.ui.viewmodels.stream import Coalescer
from tests.benchmarks.bench_stream import TARGET_MS, Gaps

TOKENS = 2000
PER_SECOND = 200
WORDS = (" the", " of", " train", " seventeen", ",", " 1", "7")


def record(start: int) -> TokenRecord:
    text = random.choice(WORDS)
    logprob = math.log(1 - random.random())
    span = (start, start + len(text))
    sampled = (Channel.ANSWER, Source.SAMPLED)
    return TokenRecord(7, text.encode(), *span, logprob, logprob, 1, 1.0, (), 0.5, *sampled)


async def stream(transcript: TranscriptView, count: int) -> Gaps:
    owner, gaps, end = QObject(), Gaps(), 0
    coalescer = Coalescer(owner)
    coalescer.flushed.connect(transcript.grow)
    transcript.add(Turn(id=1, role=Role.ASSISTANT))
    watching = asyncio.ensure_future(gaps.watch())
    for _ in range(count):
        token = record(end)
        end = token.end
        coalescer.add(TurnGrew(1, Delta(Channel.ANSWER, token.text, (token,))))
        await asyncio.sleep(1 / PER_SECOND)
    watching.cancel()
    return gaps


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TOKENS
    application = QApplication([])
    transcript = TranscriptView(Appearance(application).theme)
    transcript.resize(950, 640)
    transcript.show()
    collector = Collector(application)
    with QEventLoop(application) as loop:
        gaps = loop.run_until_complete(stream(transcript, count)).milliseconds
    collector.stop()
    gaps.sort()
    print(
        f"{count} tokens in one paragraph: longest gap {gaps[-1]:.1f} ms, "
        f"99th percentile {gaps[int(len(gaps) * 0.99)]:.1f} ms (target {TARGET_MS:.0f} ms)"
    )


if __name__ == "__main__":
    main()
