"""A window in the middle of an answer: its worker stands still, and what came is on the disk.

With the argument `again` it is another answer to the same question, after one that has ended.
Prints `LENGTH PID`: how many tokens of the answer are shown and stored, and the worker's process.
"""

import asyncio
import os
import signal
import sys

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.ui.app import Session
from app.ui.faults import FaultRoutes
from app.ui.theme.style import Appearance
from tests.ui.desk import Desk, until
from tests.ui.parts import services

QUESTION = "What is 348 + 276?"


async def main(desk: Desk) -> None:
    life = asyncio.create_task(desk.session.run())
    await desk.ready()
    pid = desk.worker_pid
    first = await desk.ask_briefly(QUESTION) if "again" in sys.argv else None
    desk.chat.turn_grew.connect(lambda _: os.kill(pid, signal.SIGSTOP))
    if first:
        desk.chat.regenerate(first.id)
    else:
        desk.chat.send(QUESTION)
    await until(lambda: desk.turns and desk.turns[-1] != first and desk.turns[-1].tokens)
    while await stored(desk) != len(desk.turns[-1].tokens):
        await asyncio.sleep(0.05)
    print(len(desk.turns[-1].tokens), pid, flush=True)  # noqa: T201
    await life


async def stored(desk: Desk) -> int:
    """How many tokens of the last answer a next start would find."""
    chat = await desk.services.store.read((await desk.services.store.chats())[0])
    return len(chat.turns[-1].tokens)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    with QEventLoop(application) as loop, FaultRoutes(loop) as faults:
        parts = services()
        session = Session(parts, Appearance(application), faults)
        loop.run_until_complete(main(Desk(session, parts)))
