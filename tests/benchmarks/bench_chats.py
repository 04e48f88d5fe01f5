"""5,000 chats in the list: how long things take, and how long the window stands still for them.

Run by hand:

    .venv/bin/python -m tests.benchmarks.bench_chats [CHATS]

Fills a file with chats of 20 messages and one of long answers, then lists, searches and reads them
through the store while a task measures the gaps of the event loop. The target is no gap over 50 ms.
"""

import asyncio
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.chats import ChatSummary, Node
from app.domain.conversation import Turn
from app.domain.messages import Role
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore
from app.ui.collector import Collector
from app.ui.sidebar.list_view import ChatListView
from app.ui.theme.style import Appearance
from app.ui.viewmodels.chat_list import by_age
from tests.benchmarks.bench_stream import TARGET_MS, Gaps
from tests.services.store.turns import answer, question

CHATS = 5000
MESSAGES = 20
LONG_ANSWERS, LONG_TOKENS = 10, 10_000
VOCABULARY = 20_000
SEARCHED = (1, 40, 15_000)  # a word of every text, a usual and a rare one


def vocabulary() -> list[str]:
    """Words that begin alike as those of a language do."""
    chance = random.Random(2)
    parts = ["".join(chance.choices("etaoinshrdlu", k=3)) for _ in range(300)]
    return ["".join(chance.choices(parts, k=chance.randint(1, 4))) for _ in range(VOCABULARY)]


WORDS = vocabulary()


def fill(path: Path, chats: int) -> None:
    chance = random.Random(1)
    weights = [1 / (place + 1) for place in range(VOCABULARY)]
    file = ChatFile(path)
    file.open()
    id = 0
    for chat in range(1, chats + 1):
        nodes: list[Node] = []
        for place in range(MESSAGES):
            id += 1
            text = " ".join(chance.choices(WORDS, weights, k=12 if place % 2 == 0 else 60))
            role = Role.ASSISTANT if place % 2 else Role.USER
            nodes.append(Node(Turn(id=id, role=role, text=text), id - 1 if place else None))
        file.keep(chat, nodes)
    long: list[Node] = []
    for place in range(LONG_ANSWERS):
        asked, said = id + 1, id + 2
        long += [Node(question(asked), id if place else None)]
        long += [Node(answer(said, LONG_TOKENS), asked)]
        id = said
    file.keep(chats + 1, long)
    file.close()


async def timed(name: str, work: Callable[[], Awaitable[object]]) -> float:
    """Print how long `work` takes; the longest gap of the loop meanwhile."""
    gaps = Gaps()
    watching = asyncio.ensure_future(gaps.watch())
    await asyncio.sleep(0.01)
    begin = time.perf_counter()
    result = await work()
    took = (time.perf_counter() - begin) * 1000
    await asyncio.sleep(0.3)
    watching.cancel()
    del result  # not before: it is the work's caller who lets it go
    longest = max(gaps.milliseconds)
    print(f"{name:32} {took:8.1f} ms   longest gap {longest:6.1f} ms")
    return longest


async def opened(conversation: Conversation, store: ChatStore, chat: ChatSummary) -> None:
    await conversation.open(await store.read(chat))


async def measure(path: Path, view: ChatListView) -> float:
    store = ChatStore(ChatFile(path))
    longest = [await timed("open the file", store.open)]

    async def show() -> None:
        view.show_entries(by_age(await store.chats(), 1, date.today()).entries)

    for name in ("list every chat", "list them again"):
        longest.append(await timed(name, show))
    for word in (WORDS[place] for place in SEARCHED):
        for text in (word[:1], word[:3], word[:5], word, f"{word} {WORDS[0]}"):
            longest.append(await timed(f"search {text}", lambda text=text: store.search(text)))
    long, other = (await store.chats())[:2]
    conversation = Conversation(EngineHost(), store)
    for name, chat in (("open the long chat", long), ("leave it for another one", other)):
        longest.append(await timed(name, lambda chat=chat: opened(conversation, store, chat)))
    await store.close()
    return max(longest)


def main() -> int:
    chats = int(sys.argv[1]) if len(sys.argv) > 1 else CHATS
    application = QApplication([])
    view = ChatListView(Appearance(application).theme)
    view.resize(248, 700)
    view.show()
    collector = Collector(application)
    with tempfile.TemporaryDirectory() as folder, QEventLoop(application) as loop:
        path = Path(folder) / "chats.db"
        fill(path, chats)
        gc.collect()  # what the filling left is not measured
        worst = loop.run_until_complete(measure(path, view))
    collector.stop()
    print(f"worst gap {worst:.1f} ms, target {TARGET_MS:.0f} ms")
    return int(worst > TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
