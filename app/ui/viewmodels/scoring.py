"""A text that the loaded model scores: asked for, growing, stopped.

In: texts and files. Out: the scored tokens as they come, and `ScoreStatus`es.
"""

import asyncio
from contextlib import aclosing
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import Signal

from app.domain.chats import title
from app.domain.conversation import history
from app.domain.events import Delta, Progress
from app.domain.models import ModelInfo
from app.domain.requests import ChatPrompt, Prompt, Score, TextPrompt
from app.domain.texts import ScoredText
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.background import Background
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.text_files import read_text
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.heat import HeatChoice
from app.ui.viewmodels.one_task import TaskModel, TaskStatus
from app.ui.viewmodels.scored import TextSummary, summarise

ALTERNATIVES = 5


class ScoreStatus(TaskStatus, frozen=True, kw_only=True):
    """`result` is what was scored last, as far as it got, its `summary` comes a moment later, and
    `windows` says how a text was read that is longer than the context; it counts tokens."""

    result: ScoredText | None = None
    summary: TextSummary | None = None
    windows: str = ""


class ScoreModel(TaskModel[ScoreStatus]):
    """`began` carries the text, `grew` a Delta of it; `heat` is what colours it."""

    began = Signal(object)
    grew = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        background: Background,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__(ScoreStatus(), on_bug)
        self.heat = HeatChoice(self)
        self._host = host
        self._conversation = conversation
        self._background = background

    def score(self, text: str, name: str = "") -> None:
        """Score a text, which is called `name`, or by its first words."""
        self._start(lambda: self._score(text, name or title(text)), ScoreStatus())

    def score_file(self, path: Path) -> None:
        """Score the text of a file."""
        self._start(lambda: self._score_file(path), ScoreStatus())

    def score_chat(self) -> None:
        """Score the open chat, inside the model's template."""
        self._start(self._score_chat, ScoreStatus())

    async def _score_file(self, path: Path) -> None:
        await self._score(await self._background.run(lambda: read_text(path)), path.name)

    async def _score(self, text: str, name: str) -> None:
        if not text.strip():
            raise InvalidRequest(
                "There is no text to score.", "Write or paste one, or open a file."
            )
        self.began.emit(text)
        await self._ask(TextPrompt(text), name)

    async def _score_chat(self) -> None:
        messages = history(self._conversation.turns)
        if not messages:
            raise InvalidRequest("This chat is empty.", "Ask something first.")
        self.began.emit("")
        await self._ask(ChatPrompt(messages), title(messages[0].content))

    async def _ask(self, prompt: Prompt, name: str) -> None:
        model = await self._host.ready()
        tokens: list[TokenRecord] = []
        said: list[str] = []
        stride = model.context_length // 2
        request = Score(prompt=prompt, top_logprobs=ALTERNATIVES, stride=stride)
        try:
            async with aclosing(self._host.score(request)) as events:
                async for event in events:
                    if isinstance(event, Progress):
                        self._advance(event, model)
                    elif isinstance(event, Delta):
                        said.append(event.text)
                        tokens += event.tokens
                        self.grew.emit(event)
        finally:
            if tokens and asyncio.current_task() is self._task:
                result = ScoredText(
                    title=name, model=model.name, text="".join(said), tokens=tuple(tokens)
                )
                self._show(replace(self.value, result=result))
                self._tasks.start(self._summarise(result))

    async def _summarise(self, result: ScoredText) -> None:
        summary = await self._background.run(lambda: summarise(result))
        if self.value.result is result:
            self._show(replace(self.value, summary=summary))

    def _advance(self, event: Progress, model: ModelInfo) -> None:
        windows = ""
        if event.total > model.context_length:
            windows = (
                f"The text is longer than the context, so it is read in windows of"
                f" {model.context_length:,} tokens that overlap by half."
            )
        self._show(replace(self.value, done=event.done, total=event.total, windows=windows))
