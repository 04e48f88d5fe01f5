"""Takes a picture of every page: a scripted person uses the real window, which nobody sees.

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

from PySide6.QtWidgets import QWidget

from app import bootstrap
from app.domain.benchmark import Size
from app.domain.heat import HeatMode
from app.domain.reasoning import Effort
from app.services.engine_host import HostState
from app.services.settings import ModelChoice
from app.ui.app import Session, run
from app.ui.viewmodels.server import ServerState
from app.ui.window_models import Services
from app.ui.workbench.workbench import CALIBRATE, CLASSIFY, COMPARE, SCORE

SIZE = (1280, 800)
NARROW = (820, 520)
PATIENCE_S = 120.0
SEED = 7
GUESSED = "What is 348 + 276?"
REASONED = "A train leaves at 14:37 and rides 2 hours 48 minutes. When does it arrive?"
LISTED = "Sort 9, 4, 7, 1"
SCORED = (
    "Every word of an answer is coloured by how sure the model was of it.\n\n"
    "Colourless green ideas sleep furiously. 348 + 276 = 624.\n"
)
LABELS = "sum, timetable, greeting"
MISSING = "/media/stick/a-model"


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
                await self._visit_chats(session)
                await self._visit_dialogs(session)
                await self._visit_workbench(session)
                await self._visit_edges(session)
        finally:
            session.end()
            await life

    async def _visit_chats(self, session: Session) -> None:
        chat = session.chat
        session.window.resize(*SIZE)
        await _until(lambda: chat.status.value.state is HostState.READY)
        chat.sampling.set_seed(SEED)
        await self._take(session.window, "welcome")
        chat.sampling.set_effort(Effort.OFF)
        await self._ask(session, GUESSED)
        await self._take(session.window, "heatmap")
        chat.sampling.set_seed(SEED + 1)
        chat.regenerate(self._services.conversation.turns[-1].id)
        await self._answered()
        await self._take(session.window, "versions")
        chat.sampling.set_effort(Effort.MEDIUM)
        await self._begin(session)
        await self._ask(session, REASONED)
        chat.heat.choose(HeatMode.ENTROPY)
        await self._take(session.window, "reasoning")
        session.window.sidebar.field.setText("train")
        await self._take(session.window, "search")
        session.window.sidebar.field.clear()

    async def _visit_dialogs(self, session: Session) -> None:
        dialogs = session.dialogs
        dialogs.open_settings()
        dialogs.open_models()
        session.server.set_port(0)
        session.server.switch(True)
        await _until(lambda: session.server.value.state is ServerState.ON)
        dialogs.open_server()
        dialogs.open_speed()
        session.speed.measure(Size(prompt_tokens=64, completion_tokens=16, rounds=3))
        await _until(lambda: session.speed.value.report)
        for page, dialog in (
            ("settings", dialogs.settings),
            ("model", dialogs.models),
            ("server", dialogs.server),
            ("speed", dialogs.speed),
        ):
            assert dialog
            await self._take(dialog, page)
            dialog.close()

    async def _visit_workbench(self, session: Session) -> None:
        bench = session.workbench
        bench.open(SCORE)
        page = bench.score
        assert page
        assert bench.pages
        session.bench.scoring.score(SCORED)
        await _until(lambda: not session.bench.scoring.value.working and page.view.text_of(0))
        page.select(4)
        await self._take(bench.pages, "score")
        bench.open(COMPARE)
        compare = bench.compare
        assert compare
        same = session.models.value.opened or ModelChoice()
        session.bench.comparing.compare(same, same, SCORED)
        await _until(lambda: not session.bench.comparing.value.working)
        compare.select(4)
        await self._take(bench.pages, "compare")
        bench.open(CLASSIFY)
        classify = bench.classify
        assert classify
        classify.form.labels.setText(LABELS)
        session.bench.classifying.classify(classify.form.wish(), REASONED)
        await _until(lambda: session.bench.classifying.value.found)
        await self._take(bench.pages, "classify")
        bench.open(CALIBRATE)
        await self._take(bench.pages, "calibrate")
        bench.pages.close()
        bench.show_origin()
        assert bench.made_by
        await self._take(bench.made_by, "origin")
        bench.made_by.close()

    async def _visit_edges(self, session: Session) -> None:
        """A message across the top, rendered Markdown, and the narrowest window."""
        await self._begin(session)
        session.chat.heat.choose(HeatMode.NOTHING)
        session.chat.send(LISTED)
        await self._answered()
        session.models.open(ModelChoice(MISSING))
        await _until(lambda: session.models.value.error and not session.models.value.opening)
        await self._take(session.window, "notice")
        session.window.resize(*NARROW)
        await self._take(session.window, "narrow")
        session.window.dock.set_shown(True)
        await self._take(session.window, "chats")

    async def _begin(self, session: Session) -> None:
        session.chats.new()
        await _until(lambda: not self._services.conversation.turns)

    async def _ask(self, session: Session, text: str) -> None:
        """Ask, wait for the answer, and select its least likely token."""
        chat = session.chat
        chat.send(text)
        await self._answered()
        answer = self._services.conversation.turns[-1]
        numbers = [0.0 if token.logprob is None else token.logprob for token in answer.tokens]
        chat.selection.pick(answer.id, numbers.index(min(numbers)))
        await _until(lambda: chat.replay.settled)

    async def _answered(self) -> None:
        conversation = self._services.conversation
        await _until(lambda: conversation.answering)
        await _until(lambda: not conversation.answering)

    async def _take(self, page: QWidget, name: str) -> None:
        await asyncio.sleep(0.5)  # what was asked of the store is shown
        page.grab().save(str(self._folder / f"{name}-{self._theme}.png"))


async def _until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


def main(folder: Path, theme: str) -> int:
    """Take the pictures of one theme; return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="candor-") as profile:
        services = bootstrap.services(Path(profile))
        return run(services, theme, live=Tour(services, folder, theme).run)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
