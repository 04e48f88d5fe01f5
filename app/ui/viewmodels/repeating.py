"""What made an answer, and having it made again: asked for, under way, and how it came out.

In: an answer of the open chat. Out: `RepeatStatus`es.
"""

import asyncio

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.domain.messages import Role
from app.errors import CandorError
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.repeat import Repeated, repeat
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.selection import TokenSelection


class RepeatStatus(Struct, frozen=True):
    """`result` is how the last repetition of `answer` went, `error` why there is none."""

    answer: Turn | None = None
    working: bool = False
    result: Repeated | None = None
    error: CandorError | None = None


class RepeatModel(QObject):
    """`changed` carries the next RepeatStatus."""

    changed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        selection: TokenSelection,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._host = host
        self._conversation = conversation
        self._selection = selection
        self._tasks = Tasks(self, on_bug)
        self._task: asyncio.Task[None] | None = None
        self.value = RepeatStatus()

    def choose(self) -> None:
        """Tell of the selected answer, or else of the last one."""
        selected = self._selection.current
        answers = [turn for turn in self._conversation.turns if turn.role is Role.ASSISTANT]
        chosen = [turn for turn in answers if selected and turn.id == selected.turn_id]
        self.stop()
        self._show(RepeatStatus((chosen or answers or [None])[-1]))

    def repeat(self) -> None:
        """Have the answer made again."""
        if self.value.answer is not None and not self.value.working:
            self._show(RepeatStatus(self.value.answer, working=True))
            self._task = self._tasks.start(self._repeat(self.value.answer))

    def stop(self) -> None:
        """Make it again no further."""
        if self._task is not None:
            self._task.cancel()
            self._show(replace(self.value, working=False))

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    async def _repeat(self, answer: Turn) -> None:
        turns = self._conversation.turns
        before = [turn for turn in turns if turn.id < answer.id]
        try:
            result = await repeat(self._host, before, answer)
        except CandorError as error:
            self._show(RepeatStatus(answer, error=error))
        else:
            self._show(RepeatStatus(answer, result=result))

    def _show(self, status: RepeatStatus) -> None:
        self.value = status
        self.changed.emit(status)
