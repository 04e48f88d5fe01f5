"""How quick the conversation is and what it takes; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_window [TOKENS]

Synthetic records. Streaming runs at 200 tokens a second into one paragraph, the layout's worst
case, and into many. Memory is what this process holds, in MiB of resident pages, before and after.

On two cores of a Xeon that other programs kept busy (load 10), so only what was computed counts:
2,000 tokens into one paragraph 32 ms in the longest gap, into many 22 ms, after 10,000 tokens
13 ms; another mode over 10,000 tokens 8 ms, at most 10 ms; 300,000 tokens opened 46 ms, and
scrolled through by pages 73 ms, which is over what streaming is allowed.

With lines under the words and the map, on the same two cores at load 8, where the figures before
them were 11 to 17 ms and at most 15 to 28 ms, another mode took 14 to 19 ms, at most 24 to 29 ms:
a quarter more. One answer of 100,000 tokens scrolled by pages: 56 ms in the longest gap there.

With panels for traces only where there is one, far messages given up first and cells painted in
fewer steps, before and after in one run on a calmer machine, computed: 60 messages of 3,000 tokens
scrolled through, longest gap 35 and 26 ms; another mode over 10,000 tokens at most 9.7 and 8.3 ms;
events between deltas of a paragraph of 2,100 tokens at most 21 and 17 ms. A scored text of 100,000
tokens: pages 41 and 27 ms, far jumps 67 and 37 ms, another mode 23 and 8 ms.
"""

import asyncio
import math
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.conversation import Turn, TurnGrew, TurnState
from app.domain.events import Delta
from app.domain.heat import HeatMode
from app.domain.messages import Role
from app.domain.tokens import Channel, Source, TokenRecord
from app.ui.chat.transcript import TranscriptView
from app.ui.collector import Collector
from app.ui.theme.style import Appearance
from app.ui.viewmodels.stream import Coalescer
from tests.benchmarks.bench_stream import TARGET_MS

TOKENS = 2000
LONG = 10_000
HUGE = 100_000
PAGES = 100
PER_SECOND = 200
PARAGRAPH = 60
MESSAGES = 200
MESSAGE_TOKENS = 3000  # an answer's, so 300,000 in all
RECOLOUR_MS = 20.0
SIZE = (950, 640)
WORDS = (" the", " of", " train", " seventeen", ",", " 1", "7")


class Gaps:
    """How long the loop was away: by the clock, and what of it this process computed.

    On a machine that does other work too, only the second one is about the window.
    """

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.computed: list[float] = []

    async def watch(self) -> None:
        while True:
            clock, computed = time.perf_counter(), time.process_time()
            await asyncio.sleep(0.001)
            self.clock.append((time.perf_counter() - clock) * 1000 - 1)
            self.computed.append((time.process_time() - computed) * 1000)


def record(start: int, index: int, paragraph: int) -> TokenRecord:
    text = "\n\n" if paragraph and index % paragraph == paragraph - 1 else random.choice(WORDS)
    logprob = math.log(1 - random.random())
    span = (start, start + len(text))
    rank = random.choice((1, 1, 1, 2, 5))
    entropy = random.random() * 4
    said = (Channel.ANSWER, Source.SAMPLED)
    return TokenRecord(7, text.encode(), *span, logprob, logprob, rank, entropy, (), 0.5, *said)


def records(count: int, paragraph: int = PARAGRAPH) -> tuple[TokenRecord, ...]:
    made: list[TokenRecord] = []
    end = 0
    for index in range(count):
        made.append(record(end, index, paragraph))
        end = made[-1].end
    return tuple(made)


def answer(id: int, count: int, paragraph: int = PARAGRAPH) -> Turn:
    tokens = records(count, paragraph)
    text = "".join(token.text for token in tokens)
    return Turn(id=id, role=Role.ASSISTANT, text=text, tokens=tokens)


async def stream(transcript: TranscriptView, tokens: tuple[TokenRecord, ...]) -> Gaps:
    owner, gaps = QObject(), Gaps()
    coalescer = Coalescer(owner)
    coalescer.flushed.connect(transcript.grow)
    transcript.add(Turn(id=1, role=Role.ASSISTANT, state=TurnState.STREAMING))
    watching = asyncio.ensure_future(gaps.watch())
    for token in tokens:
        coalescer.add(TurnGrew(1, Delta(Channel.ANSWER, token.text, (token,))))
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(0.1)
    watching.cancel()
    transcript.clear()
    return gaps


async def bench_streaming(transcript: TranscriptView, count: int) -> None:
    for name, paragraph in (("one paragraph", 0), ("many paragraphs", PARAGRAPH)):
        for mode in (HeatMode.SURPRISE, HeatMode.NOTHING):
            transcript.show_mode(mode)
            gaps = await stream(transcript, records(count, paragraph))
            say(f"{count} tokens into {name}, coloured by {mode.lower()}", gaps)


async def bench_growth_of_a_long_answer(transcript: TranscriptView) -> None:
    """The last second of a very long answer, whose beginning came at once."""
    transcript.show_mode(HeatMode.SURPRISE)
    before = records(LONG)
    text = "".join(token.text for token in before)
    transcript.add(Turn(id=2, role=Role.ASSISTANT, state=TurnState.STREAMING))
    transcript.grow(TurnGrew(2, Delta(Channel.ANSWER, text, before)))
    await asyncio.sleep(0.3)
    gaps = Gaps()
    watching = asyncio.ensure_future(gaps.watch())
    end = before[-1].end
    for index in range(PER_SECOND):
        token = record(end, index, PARAGRAPH)
        end = token.end
        transcript.grow(TurnGrew(2, Delta(Channel.ANSWER, token.text, (token,))))
        await asyncio.sleep(1 / PER_SECOND)
    watching.cancel()
    transcript.clear()
    say(f"{PER_SECOND} tokens after {LONG:,}", gaps)


async def bench_recolouring(transcript: TranscriptView) -> None:
    transcript.add(answer(3, LONG))
    await asyncio.sleep(0.5)
    bar, image = transcript.verticalScrollBar(), QImage(*SIZE, QImage.Format.Format_RGB32)
    times: list[float] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        bar.setValue(round(bar.maximum() * share))
        await asyncio.sleep(0.2)
        for mode in (HeatMode.PROBABILITY, HeatMode.ENTROPY, HeatMode.RANK, HeatMode.SURPRISE):
            times.append(taken(lambda mode=mode: show(transcript, mode, image)))
    times.sort()
    print(
        f"another mode, {LONG:,} tokens, set and painted: median {times[len(times) // 2]:.1f} ms, "
        f"longest {times[-1]:.1f} ms (target {RECOLOUR_MS:.0f} ms)"
    )
    rendering = taken(lambda: show(transcript, HeatMode.NOTHING, image))
    print(f"its Markdown rendered, all at once: {rendering:.0f} ms")
    transcript.clear()
    transcript.show_mode(HeatMode.SURPRISE)


def show(transcript: TranscriptView, mode: HeatMode, image: QImage) -> None:
    transcript.show_mode(mode)
    transcript.render(image, sourceRegion=QRegion(transcript.rect()))


async def bench_one_huge_answer(transcript: TranscriptView) -> None:
    """Opened with its map, then scrolled by pages from its top to its end."""
    gaps = Gaps()
    turn = answer(4, HUGE)
    watching = asyncio.ensure_future(gaps.watch())
    opened = taken(lambda: transcript.add(turn))
    await asyncio.sleep(1)
    bar, image = transcript.verticalScrollBar(), QImage(*SIZE, QImage.Format.Format_RGB32)
    gaps.clock, gaps.computed = [], []
    for step in range(PAGES):
        bar.setValue(bar.maximum() * step // PAGES)
        transcript.render(image, sourceRegion=QRegion(transcript.rect()))
        await asyncio.sleep(0.02)
    watching.cancel()
    print(f"{HUGE:,} tokens in one answer: opened in {opened:.0f} ms")
    say("scrolled and painted by pages", gaps)
    times = sorted(
        taken(lambda mode=mode: show(transcript, mode, image))
        for mode in (HeatMode.RANK, HeatMode.ENTROPY, HeatMode.SURPRISE) * 3
    )
    print(f"another mode of it, set and painted: longest {times[-1]:.1f} ms")
    transcript.clear()


async def bench_long_chat(transcript: TranscriptView) -> None:
    turns: list[Turn] = []
    for id in range(0, MESSAGES, 2):
        turns.append(Turn(id=100 + id, role=Role.USER, text="What about the train? " * 5))
        turns.append(answer(101 + id, MESSAGE_TOKENS))
    before, gaps = memory(), Gaps()
    watching = asyncio.ensure_future(gaps.watch())
    await asyncio.sleep(0.05)
    opening = taken(lambda: [transcript.add(turn) for turn in turns])
    await asyncio.sleep(0.5)
    say(f"{len(turns)} messages added in {opening:.0f} ms", gaps)
    gaps.clock.clear()
    gaps.computed.clear()
    bar = transcript.verticalScrollBar()
    most = 0
    for value in range(bar.maximum(), 0, -bar.maximum() // 60):
        bar.setValue(value)
        await asyncio.sleep(0.03)
        most = max(most, sum(1 for turn in turns if transcript.answer(turn.id)))
    watching.cancel()
    say(f"scrolled through it, at most {most} answers are widgets", gaps)
    print(f"memory of the widgets: {memory() - before:+.0f} MiB")
    transcript.clear()


def taken(work: Callable[[], object]) -> float:
    """Milliseconds that this process computed."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def memory() -> float:
    """Resident MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def say(what: str, gaps: Gaps) -> None:
    clock, computed = max(gaps.clock), sorted(gaps.computed)
    print(
        f"{what}: longest gap {clock:.0f} ms by the clock, {computed[-1]:.0f} ms computed, "
        f"99th percentile {computed[int(len(computed) * 0.99)]:.0f} ms (target {TARGET_MS:.0f} ms)"
    )


async def bench(transcript: TranscriptView, count: int) -> None:
    print(f"memory of an empty conversation: {memory():.0f} MiB")
    await bench_streaming(transcript, count)
    await bench_growth_of_a_long_answer(transcript)
    await bench_recolouring(transcript)
    await bench_one_huge_answer(transcript)
    await bench_long_chat(transcript)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TOKENS
    application = QApplication([])
    transcript = TranscriptView(Appearance(application).theme)
    transcript.resize(*SIZE)
    transcript.show()
    collector = Collector(application)
    with QEventLoop(application) as loop:
        loop.run_until_complete(bench(transcript, count))
    collector.stop()


if __name__ == "__main__":
    main()
