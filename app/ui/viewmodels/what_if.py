"""Asks what a model would have answered had it thought less, one question at a time."""

import asyncio
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.errors import CandorError
from app.services.what_if import WhatIf, places
from app.ui.tasks import Tasks

ASKING = "Asking the model…"


class WhatIfModel(QObject):
    """`found` carries a turn and its glimpses, `noted` a turn's id and a sentence."""

    found = Signal(object, object)
    noted = Signal(object, str)

    def __init__(
        self,
        what_if: WhatIf,
        turns: Callable[[], Sequence[Turn]],
        tasks: Tasks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._what_if = what_if
        self._turns = turns
        self._tasks = tasks
        self._work: asyncio.Task[None] | None = None

    def ask(self, turn_id: int, index: int | None) -> None:
        """Cut the trace of an answer behind a token, or at places along it."""
        answer = next((turn for turn in self._turns() if turn.id == turn_id), None)
        if answer is None:
            return
        if self._work is not None:
            self._work.cancel()
        indices = places(answer) if index is None else [index]
        self.noted.emit(turn_id, ASKING)
        self._work = self._tasks.start(self._ask(answer, indices))

    async def _ask(self, answer: Turn, indices: Sequence[int]) -> None:
        try:
            glimpses = await self._what_if.glimpses(self._turns(), answer.id, indices)
        except CandorError as error:
            self.noted.emit(answer.id, str(error))
        else:
            self.found.emit(answer, glimpses)
