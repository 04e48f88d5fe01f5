"""What the model read before an answer, as tokens that are looked at like those of the answer.

In: the turn whose prompt is asked for. Out: a PromptStatus, a selection and its replays. While a
prompt is open, nothing is selected in the chat; what was comes back afterwards.
"""

import asyncio

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.domain.drawing import Drawing
from app.domain.events import Progress, Replayed
from app.domain.messages import Role
from app.domain.requests import IdsPrompt
from app.domain.sampling import SamplingParams
from app.errors import CandorError, InvalidRequest
from app.services.engine_host import EngineHost
from app.services.prompt_tokens import FIRST, PromptTokens, read_prompt, replay_prompt
from app.services.replay import Look
from app.ui.tasks import Tasks
from app.ui.viewmodels.answer_tokens import AnswerTokens
from app.ui.viewmodels.replay import ReplayModel
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.selection import Selected, TokenSelection

READ = "A token of the prompt was read, so nothing was drawn."
NO_ANSWER = InvalidRequest(
    "What the model read here is not known before its answer begins.", "Ask again, or wait."
)


class PromptStatus(Struct, frozen=True):
    """How far the prompt of the answer `turn_id` has been read; None while none is open."""

    turn_id: int | None = None
    done: int = 0
    total: int = 0
    found: PromptTokens | None = None
    error: CandorError | None = None


class PromptSource:
    """The tokens of the prompt that was `found`, as what a ReplayModel replays."""

    def __init__(self, host: EngineHost) -> None:
        self._host = host
        self.found: PromptTokens | None = None

    def drawing(self, selected: Selected) -> Drawing:
        """No token of a prompt is drawn."""
        return Drawing(None, READ)

    async def replay(
        self, selected: Selected, sampling: SamplingParams, look: Look
    ) -> Replayed | None:
        """A token once more; None where a newer replay took its place.

        Raises:
            CandorError: it cannot be replayed.
        """
        assert self.found is not None
        return await replay_prompt(self._host, self.found, selected.index, sampling, look)

    async def place(self, selected: Selected) -> tuple[IdsPrompt, tuple[int, ...]]:
        """The ids before a token, and none of an answer.

        Raises:
            InvalidRequest: it is the first one.
        """
        if self.found is None or not selected.index:
            raise InvalidRequest(FIRST)
        return IdsPrompt(self.found.ids[: selected.index]), ()


class PromptModel(QObject):
    """At most one prompt; `changed` carries its PromptStatus."""

    changed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        answers: AnswerTokens,
        chat: TokenSelection,
        sampling: SamplingModel,
        tasks: Tasks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._host = host
        self._answers = answers
        self._chat = chat
        self._before: Selected | None = None
        self._tasks = tasks
        self._work: asyncio.Task[None] | None = None
        self.value = PromptStatus()
        self.selection = TokenSelection(self._turns, self)
        self.source = PromptSource(host)
        self.replay = ReplayModel(host, self.source, self.selection, sampling, tasks, self)

    @property
    def is_open(self) -> bool:
        """Whether a prompt is looked at."""
        return self.value.turn_id is not None

    def open(self, turn_id: int) -> None:
        """Show the prompt of an answer, or of the answer to a question."""
        answer = self._answers.answer(turn_id)
        if answer is None:
            return
        self.close()
        self._before = self._chat.current
        self._chat.clear()
        self._show(PromptStatus(answer.id))
        self._work = self._tasks.start(self._read(answer))

    def close(self) -> None:
        """Go back to the chat, and to what was selected there."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        if self.is_open:
            self._show(PromptStatus())
            self.selection.clear()
            if self._before is not None:
                self._chat.pick(self._before.turn_id, self._before.index)

    def _turns(self) -> tuple[Turn, ...]:
        """The prompt as if it were one turn, under an id that no turn of a chat has."""
        answer, found = self.value.turn_id, self.value.found
        if answer is None or found is None:
            return ()
        return (Turn(id=-answer, role=Role.USER, tokens=found.tokens),)

    async def _read(self, answer: Turn) -> None:
        try:
            if not answer.tokens:
                raise NO_ANSWER
            prompt = await self._answers.prompt(answer.id)
            found = await read_prompt(self._host, prompt, self._progress)
        except CandorError as error:
            self._show(replace(self.value, error=error))
        else:
            self.source.found = found
            self._show(replace(self.value, found=found))
            self.selection.pick(-answer.id, found.question)

    def _progress(self, event: Progress) -> None:
        self._show(replace(self.value, done=event.done, total=event.total))

    def _show(self, value: PromptStatus) -> None:
        self.value = value
        self.changed.emit(value)
