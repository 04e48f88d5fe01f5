"""One conversation with the loaded model: questions in, turns and typed changes out.

Knows nothing of windows, pipes or files. Whatever happens to the worker, what was written so far
stays; a turn goes to the repository when it begins, as it grows, and before it is told as ended.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from app.domain.chats import Node, StoredChat
from app.domain.conversation import (
    AnswerOptions,
    Change,
    Cleared,
    PromptRead,
    Turn,
    TurnAdded,
    TurnChanged,
    TurnGrew,
    TurnState,
    ended,
    history,
)
from app.domain.events import Delta, Finished, FinishReason, Progress
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate
from app.errors import CandorError, InvalidRequest, WorkerLost
from app.services.answer import Answer
from app.services.draft import Draft
from app.services.engine_host import EngineHost
from app.services.repository import ChatRepository, InMemoryRepository

Observer = Callable[[Change], None]
Clock = Callable[[], float]

KEEP_EVERY_S = 0.9  # with the time of a write, at most a second of an answer is at risk
RESTARTED = "The worker has been restarted."
ENDINGS = {
    FinishReason.STOP: (TurnState.FINISHED, ""),
    FinishReason.LENGTH: (TurnState.FINISHED, "Cut off: the answer reached its longest length."),
    FinishReason.CONTEXT: (
        TurnState.FINISHED,
        "Cut off: the context is full. Start a new chat to go on.",
    ),
    FinishReason.CANCELLED: (TurnState.STOPPED, "Stopped."),
}


class Conversation:
    """The turns of one chat, and the answer that is being written, if any."""

    def __init__(
        self,
        host: EngineHost,
        repository: ChatRepository | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._host = host
        self._repository = repository or InMemoryRepository()
        self._clock = clock
        self._observers: list[Observer] = []
        self._turns: list[Turn] = []
        self._chat_id: int | None = None
        self._draft: Draft | None = None
        self._stream: Answer | None = None
        self._lost_worker: int | None = None
        self._partial: asyncio.Future[None] | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Everything said so far, the growing answer as it is now."""
        return (*self._turns, self._draft.turn()) if self._draft else tuple(self._turns)

    @property
    def answering(self) -> bool:
        """Whether an answer is being written."""
        return self._draft is not None

    def observe(self, observer: Observer) -> None:
        """Tell `observer` of every change from now on."""
        self._observers.append(observer)

    async def send(self, text: str, options: AnswerOptions) -> None:
        """Ask `text` and take in the answer; returns when it ended.

        Raises:
            InvalidRequest: an answer is still being written, or half a character is in `text`.
            CandorError: the answer failed; the turn keeps what came and says so.
        """
        if self._draft is not None:
            raise InvalidRequest("An answer is still being written.", "Stop it or wait for it.")
        _require_unicode(text)
        self._stream = self._host.generate(self._request(text, options))
        question = Turn(id=self._repository.new_turn_id(), role=Role.USER, text=text)
        self._add(question)
        self._draft = draft = Draft(self._repository.new_turn_id(), self._clock)
        self._idle.clear()
        self._tell(TurnAdded(draft.turn()))
        state, note = TurnState.STOPPED, "Stopped."  # what a cancelled task or a defect leaves
        try:
            async with contextlib.aclosing(self._stream):
                await self._keep(question, draft.turn())
                state, note = await self._answer(draft, self._stream)
        except WorkerLost as error:
            state, note = TurnState.INTERRUPTED, f"Interrupted: {error.message} Your text is safe."
            self._lost_worker = draft.id
            raise
        except CandorError as error:
            state, note = TurnState.FAILED, str(error)
            raise
        finally:
            await self._end(ended(draft.turn(), state, note))

    def stop(self) -> None:
        """End the answer that is being written within one token; what came is kept."""
        if self._stream is not None:
            self._stream.cancel()

    async def clear(self) -> None:
        """Stop the answer that is being written, if any, and begin another chat."""
        await self._turn_to(None, ())

    async def open(self, chat: StoredChat) -> None:
        """Stop the answer that is being written, if any, and go on with a stored chat."""
        await self._turn_to(chat.summary.id, chat.turns)

    async def note_restart(self) -> None:
        """Say on an answer that lost its worker that there is one again."""
        await self._idle.wait()
        if not self._turns or self._turns[-1].id != self._lost_worker:
            return
        turn = self._turns[-1]
        if not turn.note.endswith(RESTARTED):
            self._turns[-1] = turn = replace(turn, note=f"{turn.note} {RESTARTED}")
            self._keep(turn)
            self._tell(TurnChanged(turn))

    def _request(self, text: str, options: AnswerOptions) -> Generate:
        question = Message(role=Role.USER, content=text)
        return Generate(
            prompt=ChatPrompt((*history(self._turns), question), reasoning=options.reasoning),
            sampling=options.sampling,
            max_tokens=options.max_tokens,
            top_logprobs=options.top_logprobs,
        )

    async def _answer(self, draft: Draft, stream: Answer) -> tuple[TurnState, str]:
        reason = FinishReason.CANCELLED
        async for event in stream:
            match event:
                case Delta():
                    draft.grow(event)
                    self._keep_soon()
                    self._tell(TurnGrew(draft.id, event))
                case Progress():
                    self._tell(PromptRead(draft.id, event.done, event.total))
                case Finished():
                    draft.finish(event)
                    reason = event.reason
        return ENDINGS[reason]

    async def _end(self, turn: Turn) -> None:
        """Tell of the end once it is kept: what a person saw finished is not lost."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        try:
            await self._keep(turn)
        finally:
            self._draft = self._stream = None
            self._turns.append(turn)
            self._idle.set()
            self._tell(TurnChanged(turn))

    async def _turn_to(self, chat_id: int | None, turns: Sequence[Turn]) -> None:
        self.stop()
        await self._idle.wait()
        self._chat_id = chat_id
        self._turns.clear()
        self._tell(Cleared())
        for turn in turns:
            self._add(turn)

    def _keep_soon(self) -> None:
        if self._saving is None:
            loop = asyncio.get_running_loop()
            self._saving = loop.call_later(KEEP_EVERY_S, self._keep_partial)

    def _keep_partial(self) -> None:
        self._saving = None
        if self._partial is not None and not self._partial.done():
            self._keep_soon()  # a slow disk is not made slower
        elif self._draft is not None:
            self._partial = self._keep(self._draft.turn())

    def _keep(self, *turns: Turn) -> asyncio.Future[None]:
        if self._chat_id is None:
            self._chat_id = self._repository.new_chat_id()
        path = [turn.id for turn in self._turns]
        if self._draft is not None:
            path.append(self._draft.id)
        parents = dict(zip(path[1:], path, strict=False))
        nodes = [Node(turn, parents.get(turn.id)) for turn in turns]
        return self._repository.keep(self._chat_id, nodes)

    def _add(self, turn: Turn) -> None:
        self._turns.append(turn)
        self._tell(TurnAdded(turn))

    def _tell(self, change: Change) -> None:
        for observer in tuple(self._observers):
            observer(change)


def _require_unicode(text: str) -> None:
    """Half a surrogate pair, which a broken clipboard can hold, is no text for file or model."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "The question holds characters that are no text."
        raise InvalidRequest(message, "Write or paste it again.") from None
