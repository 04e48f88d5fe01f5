"""Takes the pictures of the README: a scripted person uses the real window, which nobody sees.

`python tour.py FOLDER THEME` writes FOLDER/PAGE-THEME.png for every page.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from app import bootstrap
from app.domain.heat import HeatMode
from app.services.engine_host import HostState
from app.ui.app import Services, Session, run

SIZE = (1280, 800)
PATIENCE_S = 120.0
SEED = 7
GUESSED = "What is 348 + 276?"
REASONED = "A train leaves at 14:37 and rides 2 hours 48 minutes. When does it arrive?"


class Tour:
    """Goes from page to page; the same seed gives the same answers."""

    def __init__(self, services: Services, folder: Path, theme: str) -> None:
        self._services = services
        self._folder = folder
        self._theme = theme

    async def run(self, session: Session) -> None:
        """Show every page, take its picture, and close the window."""
        life = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._visit(session)
        finally:
            session.end()
            await life

    async def _visit(self, session: Session) -> None:
        chat = session.chat
        session.window.resize(*SIZE)
        await _until(lambda: chat.status.value.state is HostState.READY)
        chat.sampling.set_seed(SEED)
        await self._take(session, "welcome")
        chat.sampling.set_reasoning(False)
        await self._ask(session, GUESSED)
        await self._take(session, "heatmap")
        session.chats.new()
        await _until(lambda: not self._services.conversation.turns)
        chat.sampling.set_reasoning(True)
        await self._ask(session, REASONED)
        chat.heat.choose(HeatMode.ENTROPY)
        await self._take(session, "reasoning")
        session.window.sidebar.field.setText("train")
        await self._take(session, "search")

    async def _ask(self, session: Session, text: str) -> None:
        """Ask, wait for the answer, and select its least likely token."""
        conversation, chat = self._services.conversation, session.chat
        chat.send(text)
        await _until(lambda: len(conversation.turns) == 2 and not conversation.answering)
        answer = conversation.turns[-1]
        numbers = [0.0 if token.logprob is None else token.logprob for token in answer.tokens]
        chat.selection.pick(answer.id, numbers.index(min(numbers)))
        await _until(lambda: chat.replay.settled)

    async def _take(self, session: Session, page: str) -> None:
        await asyncio.sleep(0.5)  # what was asked of the store is shown
        session.window.grab().save(str(self._folder / f"{page}-{self._theme}.png"))


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


def main(folder: Path, theme: str) -> int:
    """Take the pictures of one theme; return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as profile:
        services = bootstrap.services(Path(profile))
        return run(services, theme, live=Tour(services, folder, theme).run)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
