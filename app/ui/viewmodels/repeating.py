"""What made an answer, and having it made again: asked for, under way, and how it came out.

In: an answer of the open chat. Out: `RepeatStatus`es.
"""

from app.domain.conversation import Turn
from app.domain.messages import Role
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.repeat import Repeated, repeat
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.one_task import TaskModel, TaskStatus
from app.ui.viewmodels.selection import TokenSelection


class RepeatStatus(TaskStatus, frozen=True):
    """`result` is how the last repetition of `answer` went."""

    answer: Turn | None = None
    result: Repeated | None = None


class RepeatModel(TaskModel[RepeatStatus]):
    """Its status is a RepeatStatus."""

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        selection: TokenSelection,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__(RepeatStatus(), on_bug)
        self._host = host
        self._conversation = conversation
        self._selection = selection

    def choose(self) -> None:
        """Tell of the selected answer, or else of the last one."""
        selected = self._selection.current
        answers = [turn for turn in self._conversation.turns if turn.role is Role.ASSISTANT]
        chosen = [turn for turn in answers if selected and turn.id == selected.turn_id]
        self.stop()
        self._show(RepeatStatus((chosen or answers or [None])[-1]))

    def repeat(self) -> None:
        """Have the answer made again."""
        answer = self.value.answer
        if answer is not None and not self.value.working:
            self._start(lambda: self._repeat(answer), RepeatStatus(answer))

    async def _repeat(self, answer: Turn) -> None:
        before = [turn for turn in self._conversation.turns if turn.id < answer.id]
        self._show(RepeatStatus(answer, await repeat(self._host, before, answer), working=True))
