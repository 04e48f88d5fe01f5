"""A window whose person never rests: asks, has answers written again, edits, begins new chats.

Prints `open PID` with its worker's process, then `ID DIGEST` of every message as it is shown ended.
What comes of it when it is killed is for `kills.py`.
"""

import asyncio
import hashlib
import itertools
import sys

import msgspec
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.conversation import Change, Turn, TurnChanged, TurnState
from app.ui.app import Session
from app.ui.faults import FaultRoutes
from app.ui.theme.style import Appearance
from tests.ui.desk import Desk, until
from tests.ui.parts import services

QUESTIONS = ("What is 12 + 7?", "What is the capital of France?", "What is top-p?")


def digest(turn: Turn) -> str:
    """What a message says, with every number of its tokens; its note may still change."""
    return hashlib.sha256(msgspec.msgpack.encode(replace(turn, note=""))).hexdigest()


def tell(change: Change) -> None:
    if isinstance(change, TurnChanged) and change.turn.state is not TurnState.STREAMING:
        print(change.turn.id, digest(change.turn), flush=True)  # noqa: T201


async def use(desk: Desk, round: int) -> None:
    """One thing after another; what the loss of a worker ends is begun anew."""
    await desk.ready()
    text = QUESTIONS[round % len(QUESTIONS)]
    count = len(desk.turns)
    if round % 4 == 1 and count:
        desk.chat.regenerate(desk.turns[-1].id)
    elif round % 4 == 2 and count:
        desk.chat.edit(desk.turns[-2].id, text)
    elif round % 7 == 6:
        desk.session.chats.new()
        await until(lambda: not desk.turns)
        desk.chat.send(text)
    else:
        desk.chat.send(text)
    await until(lambda: desk.services.conversation.answering)
    await until(lambda: not desk.services.conversation.answering)


async def main(desk: Desk) -> None:
    life = asyncio.create_task(desk.session.run())
    desk.services.conversation.observe(tell)
    await desk.ready()
    print("open", desk.worker_pid, flush=True)  # noqa: T201
    for round in itertools.count():
        await use(desk, round)
    await life


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    with QEventLoop(application) as loop, FaultRoutes(loop) as faults:
        parts = services()
        session = Session(parts, Appearance(application), faults)
        loop.run_until_complete(main(Desk(session, parts)))
