"""What the window shows of the chat, and what its controls do; decides, and draws nothing.

In: changes of the conversation and of the engine host. Out: signals that carry frozen values, the
growing answer slowed down to the pace of the screen.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.domain.conversation import (
    Change,
    Cleared,
    Cut,
    PromptRead,
    ThoughtLimited,
    TurnAdded,
    TurnChanged,
    TurnGrew,
)
from app.domain.models import ModelInfo
from app.domain.tokens import TokenRecord
from app.errors import CandorError, StoreUnavailable
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.replay import Replayer
from app.services.settings import Settings
from app.services.store.store import ChatStore
from app.services.what_if import WhatIf
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.answer_tokens import AnswerTokens
from app.ui.viewmodels.asking import Asking, Models
from app.ui.viewmodels.branches import BranchesModel
from app.ui.viewmodels.exploring import ExploreModel
from app.ui.viewmodels.heat import HeatChoice
from app.ui.viewmodels.notice import Notice
from app.ui.viewmodels.prompt import PromptModel
from app.ui.viewmodels.replay import ReplayModel
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.sampling_memory import SamplingMemory
from app.ui.viewmodels.selection import Selected, TokenSelection
from app.ui.viewmodels.status import StatusModel
from app.ui.viewmodels.stream import Coalescer
from app.ui.viewmodels.votes import VotesModel
from app.ui.viewmodels.what_if import WhatIfModel


class ChatModel(QObject):
    """One chat; `noticed` carries a Notice or None, `returned` a question that got no answer.

    `turn_added` carries a Turn and its Version, `cut` the id of the first turn that is taken away,
    `restored` tells that the store has been opened, or could not be.
    """

    turn_added = Signal(object, object)
    turn_grew = Signal(object)
    turn_changed = Signal(object)
    prompt_read = Signal(object)
    thought_limited = Signal(object)
    cut = Signal(object)
    cleared = Signal()
    noticed = Signal(object)
    returned = Signal(str)
    restored = Signal()

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        models: Models,
        store: ChatStore,
        settings: Settings,
        model_path: str,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._store = store
        self._told_unstored = False
        self._branched_at: int | None = None
        self._conversation = conversation
        self._tasks = Tasks(self, on_bug)
        self._stream = Coalescer(self)
        self._stream.flushed.connect(self.turn_grew)
        self.heat = HeatChoice(self)
        self.sampling = SamplingModel(self)
        self._memory = SamplingMemory(settings, model_path)
        self.sampling.changed.connect(lambda: self._memory.remember(self.sampling))
        self.selection = TokenSelection(lambda: conversation.turns, self)
        self.answers = AnswerTokens(Replayer(host), lambda: conversation.turns)
        self.replay = ReplayModel(
            host, self.answers, self.selection, self.sampling, self._tasks, self
        )
        self.prompt = PromptModel(
            host, self.answers, self.selection, self.sampling, self._tasks, self
        )
        self.what_if = WhatIfModel(
            WhatIf(host, self.answers.replayer),
            lambda: conversation.turns,
            self._tasks,
            self,
        )
        self.votes = VotesModel(conversation, on_bug, self)
        self.votes.failed.connect(self.notice)
        self.branches = BranchesModel(conversation, store, on_bug)
        self.branches.setParent(self)
        self.exploring = ExploreModel(host, on_bug, self)
        self.status = StatusModel(host, self)
        self.status.model_loaded.connect(self._adopt)
        self._asking = Asking(conversation, models, settings, self.sampling, self.status)
        self._stream.flushed.connect(self.status.refresh)
        conversation.observe(self._on_change)
        store.on_failure(self._tell_unstored)

    def start(self) -> asyncio.Task[None]:
        """Show the chat that was written in last."""
        return self._tasks.start(self._restore())

    def send(self, text: str) -> bool:
        """Ask a question; False when it has to wait and nothing was sent."""
        if not text.strip() or not self.status.value.can_send:
            return False
        self._begin(self._ask(text.strip()))
        return True

    def edit(self, question_id: int, text: str) -> None:
        """Ask a question anew with another text; both versions stay."""
        if text.strip():
            self._begin(self._asking.edit(question_id, text.strip()))

    def regenerate(self, answer_id: int) -> None:
        """Have another answer written to the same question; both versions stay."""
        self._begin(self._asking.regenerate(answer_id))

    def overrule(self, answer_id: int, step: str) -> None:
        """Show what another step of Auto answers to the same question."""
        self._begin(self._asking.overrule(answer_id, step))

    def branch(
        self, token: int, *, at: Selected | None = None, way: Sequence[TokenRecord] = ()
    ) -> None:
        """Have the answer with the selected token, or with `at`, go on with another one there.

        Where a `way` is given, it comes first.
        """
        selected = at or self.selection.current
        if selected is not None:
            place = selected.turn_id, selected.index
            self._branched_at = selected.index
            self._begin(self._asking.branch(*place, token, way))

    def step_version(self, turn_id: int, by: int) -> None:
        """Show the version of a turn before (-1) or after (1) the present one."""
        self._begin(self._conversation.step(turn_id, by))

    def copy(self, turn_id: int) -> None:
        """Put the text of a turn on the clipboard."""
        for turn in self._conversation.turns:
            if turn.id == turn_id:
                QGuiApplication.clipboard().setText(turn.text)

    def looked_at(self) -> int | None:
        """The answer with the selected token, or the last turn; None in an empty chat."""
        selected = self.selection.current
        return selected.turn_id if selected else self._last_id()

    def answer_now(self) -> None:
        """End the thought that is being written, and let the answer come."""
        self._conversation.answer_now()

    def stop(self) -> None:
        """End the answer that is being written."""
        self._asking.stop()

    async def close(self) -> None:
        """End everything this chat still does."""
        await self.branches.close()
        await self.votes.close()
        await self.exploring.close()
        await self._tasks.cancel()

    def notice(self, error: CandorError) -> None:
        """Tell the person of an error that belongs to no answer."""
        self.noticed.emit(Notice(error.message, error.hint))

    async def _restore(self) -> None:
        try:
            opened = await self._store.open()
        except StoreUnavailable as error:
            self.restored.emit()
            self._tell_unstored(error)
            return
        self.restored.emit()
        if opened.latest is not None:
            await self._conversation.open(opened.latest)
        if opened.aside is not None:
            message = "The file with your chats was damaged, so a new one was begun."
            self.noticed.emit(Notice(message, f"The old one is kept: {opened.aside}"))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.noticed.emit(None)
        self._told_unstored = False
        self._tasks.start(self._told(work))

    async def _ask(self, text: str) -> None:
        before = self._last_id()
        try:
            await self._asking.send(text)
        except CandorError:
            if self._last_id() == before or not self._conversation.turns[-1].tokens:
                self.returned.emit(text)
            raise

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        """Tell of an error, unless an answer's own note does."""
        before = self._last_id()
        try:
            await work
        except CandorError as error:
            if self._last_id() == before:
                self.notice(error)

    def _last_id(self) -> int | None:
        turns = self._conversation.turns
        return turns[-1].id if turns else None

    def _tell_unstored(self, error: CandorError) -> None:
        """Once per question: the answer's parts fail to be stored for the same reason."""
        if not self._told_unstored:
            self._told_unstored = True
            self.notice(error)

    def _adopt(self, model: ModelInfo) -> None:
        self.sampling.adopt(model, self._memory.recall(model))
        self._tasks.start(self._conversation.note_restart())

    def _select_branched(self, turn_id: int) -> None:
        """Look at the token that a branch took, once it is there."""
        index = self._branched_at
        if index is not None and len(self._conversation.turns[-1].tokens) > index:
            self._branched_at = None
            self._stream.flush()
            self.selection.pick(turn_id, index)

    def _forget_selection(self) -> None:
        selected = self.selection.current
        if selected and all(turn.id != selected.turn_id for turn in self._conversation.turns):
            self.selection.clear()

    def _on_change(self, change: Change) -> None:
        match change:
            case TurnGrew():
                self._stream.add(change)
                self._select_branched(change.turn_id)
            case TurnAdded():
                self.prompt.close()
                self.turn_added.emit(change.turn, change.version)
            case Cut():
                self._stream.flush()
                self.prompt.close()
                self._forget_selection()
                self.cut.emit(change.turn_id)
            case PromptRead():
                self.prompt_read.emit(change)
            case ThoughtLimited():
                self.thought_limited.emit(change)
            case TurnChanged():
                self._branched_at = None
                self._stream.flush()
                self.turn_changed.emit(change.turn)
                self.replay.refresh()
            case Cleared():
                self.prompt.close()
                self.selection.clear()
                self.cleared.emit()
        self.status.follow(change)
