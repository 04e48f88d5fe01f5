"""One conversation with the loaded model: questions in, turns and typed changes out.

Knows nothing of windows or pipes. Whatever happens to the worker, what was written so far stays.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from msgspec.structs import replace

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
    history,
)
from app.domain.events import Delta, Event, Finished, FinishReason, Progress
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate
from app.errors import CandorError, InvalidRequest, WorkerLost
from app.services.answer import Answer
from app.services.draft import Draft
from app.services.engine_host import EngineHost

Observer = Callable[[Change], None]
Clock = Callable[[], float]

RESTARTED = "The worker has been restarted."
NOT_HEARD = "No answer came, so the model will not see this question again."
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

    def __init__(self, host: EngineHost, clock: Clock = time.monotonic) -> None:
        self._host = host
        self._clock = clock
        self._observers: list[Observer] = []
        self._turns: list[Turn] = []
        self._draft: Draft | None = None
        self._stream: Answer | None = None
        self._next_id = 0
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
            InvalidRequest: an answer is still being written.
            CandorError: the answer failed; the turn keeps what came and says so.
        """
        if self._draft is not None:
            raise InvalidRequest("An answer is still being written.", "Stop it or wait for it.")
        request = self._request(text, options)
        self._add(Turn(id=self._new_id(), role=Role.USER, text=text))
        self._draft = Draft(self._new_id(), self._clock)
        self._idle.clear()
        self._tell(TurnAdded(self._draft.turn()))
        try:
            await self._answer(self._draft, request)
        except WorkerLost as error:
            self._end(TurnState.INTERRUPTED, f"Interrupted: {error.message} Your text is safe.")
            raise
        except CandorError as error:
            self._end(TurnState.FAILED, str(error))
            raise
        except BaseException:  # a cancelled task, or a defect: the turn must not stay open
            self._end(TurnState.STOPPED, "Stopped.")
            raise

    def stop(self) -> None:
        """End the answer that is being written within one token; what came is kept."""
        if self._stream is not None:
            self._stream.cancel()

    async def clear(self) -> None:
        """Stop the answer that is being written, if any, and forget every turn."""
        self.stop()
        await self._idle.wait()
        self._turns.clear()
        self._tell(Cleared())

    def note_restart(self) -> None:
        """Say on an interrupted answer that the worker runs again."""
        if self._turns and self._turns[-1].state is TurnState.INTERRUPTED:
            turn = self._turns[-1]
            if not turn.note.endswith(RESTARTED):
                self._turns[-1] = replace(turn, note=f"{turn.note} {RESTARTED}")
                self._tell(TurnChanged(self._turns[-1]))

    def _request(self, text: str, options: AnswerOptions) -> Generate:
        question = Message(role=Role.USER, content=text)
        return Generate(
            prompt=ChatPrompt((*history(self._turns), question), reasoning=options.reasoning),
            sampling=options.sampling,
            max_tokens=options.max_tokens,
            top_logprobs=options.top_logprobs,
        )

    async def _answer(self, draft: Draft, request: Generate) -> None:
        async with contextlib.aclosing(self._host.generate(request)) as self._stream:
            async for event in self._stream:
                self._take(draft, event)

    def _take(self, draft: Draft, event: Event) -> None:
        match event:
            case Delta():
                draft.grow(event)
                self._tell(TurnGrew(draft.id, event))
            case Progress():
                self._tell(PromptRead(draft.id, event.done, event.total))
            case Finished():
                draft.finish(event)
                self._end(*ENDINGS[event.reason])

    def _end(self, state: TurnState, note: str) -> None:
        if self._draft is None:
            return
        turn = self._draft.turn(state, note)
        if not turn.text:
            turn = replace(turn, note=f"{note} {NOT_HEARD}".lstrip())
        self._draft = None
        self._stream = None
        self._turns.append(turn)
        self._idle.set()
        self._tell(TurnChanged(turn))

    def _add(self, turn: Turn) -> None:
        self._turns.append(turn)
        self._tell(TurnAdded(turn))

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _tell(self, change: Change) -> None:
        for observer in tuple(self._observers):
            observer(change)
