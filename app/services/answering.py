"""The writing of an answer: asked of the engine, told and kept as it grows, and brought to an end.

Whatever happens to the worker, what was written so far stays. The end is told once it is kept.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from app.domain.best_of import requests
from app.domain.conversation import (
    AnswerOptions,
    PromptRead,
    ThoughtLimited,
    Turn,
    TurnChanged,
    TurnGrew,
    TurnState,
    ended,
)
from app.domain.events import Delta, Finished, FinishReason, Progress
from app.domain.tokens import TokenRecord
from app.errors import CandorError, WorkerLost
from app.services.answer import Answer
from app.services.asking import ENDINGS, generation, origin
from app.services.ballot import Ballot, elected
from app.services.draft import Draft
from app.services.engine_host import EngineHost
from app.services.keeper import Keeper
from app.services.thread import Thread

Clock = Callable[[], float]
Tell = Callable[..., None]


class Branch(Struct, frozen=True):
    """How an answer begins: the tokens that it has `shared` with another one, then `token`."""

    shared: Sequence[TokenRecord] = ()
    token: int | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """The tokens that are given."""
        return () if self.token is None else (*(each.id for each in self.shared), self.token)


class Answering:
    """Writes one answer at a time at the end of a thread; `tell` hears of every change."""

    def __init__(
        self,
        host: EngineHost,
        keeper: Keeper,
        new_id: Callable[[], int],
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._host = host
        self._keeper = keeper
        self._new_id = new_id
        self._clock = clock
        self._tell = tell
        self._draft: Draft | None = None
        self._stream: Answer | None = None
        self._ballot: Ballot | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.lost_worker: int | None = None
        """The answer that lost its worker last."""

    @property
    def busy(self) -> bool:
        """Whether an answer is being written."""
        return self._draft is not None

    @property
    def growing(self) -> Turn | None:
        """The answer that is being written, as it is now."""
        return self._draft.turn() if self._draft else None

    def stop(self) -> None:
        """End the answer within one token; what came is kept."""
        if self._stream is not None:
            self._stream.cancel()
        if self._ballot is not None:
            self._ballot.stop()

    def answer_now(self) -> None:
        """End the thought within one token, and let the answer come."""
        if self._stream is not None:
            self._stream.answer_now()

    async def pause(self) -> None:
        """Stop the answer, if any, and wait until it is kept."""
        while self._draft is not None:
            self.stop()
            await self._idle.wait()

    async def idle(self) -> None:
        """Wait until no answer is being written."""
        await self._idle.wait()

    async def write(
        self,
        thread: Thread,
        options: AnswerOptions,
        *unkept: Turn,
        branch: Branch = Branch(),  # noqa: B008
    ) -> None:
        """Take in an answer to the last question; what is `unkept` is kept together with it.

        Raises:
            CandorError: the answer failed; the turn keeps what came and says so.
        """
        prefix = branch.ids
        count = 1 if prefix else options.best_of
        request, *more = requests(generation(thread.turns, options), count)
        self._stream = stream = self._host.generate(replace(request, prefix=prefix))
        id, made = self._new_id(), origin(self._host, options, len(prefix))
        if more and made is not None:
            made = replace(made, ballot=id)
        self._draft = draft = Draft(id, self._clock, branch.shared, made)
        drafts = [Draft(self._new_id(), self._clock, (), made) for _ in more]
        others: Sequence[Turn] = ()
        self._ballot = ballot = Ballot(self._host, more, drafts) if more else None
        self._idle.clear()
        limit = ThoughtLimited(draft.id, options.thought.tokens)
        self._tell(thread.add(draft.turn()), limit)
        state, note = TurnState.STOPPED, "Stopped."  # what a cancelled task or a defect leaves
        try:
            async with contextlib.aclosing(stream):
                await self._keeper.keep(thread, *unkept, draft.turn())
                state, note = await self._take_in(thread, draft, stream)
                others = await ballot.turns() if ballot else []
        except WorkerLost as error:
            state, note = TurnState.INTERRUPTED, f"Interrupted: {error.message} Your text is safe."
            self.lost_worker = draft.id
            raise
        except CandorError as error:
            state, note = TurnState.FAILED, str(error)
            raise
        finally:
            if ballot is not None:
                self._ballot = None
                await ballot.close()
            await self._end(thread, ended(draft.turn(), state, note))
        if others:
            await self._elect(thread, others)

    async def _elect(self, thread: Thread, others: Sequence[Turn]) -> None:
        """Put other answers beside the last one, and show the one that most of them come to."""
        for turn in (*others, elected([thread.turns[-1], *others])):
            self._tell(thread.cut(thread.turns[-1].id), thread.add(turn))
            await self._keeper.keep(thread, turn)

    async def _take_in(self, thread: Thread, draft: Draft, stream: Answer) -> tuple[TurnState, str]:
        reason = FinishReason.CANCELLED
        async for event in stream:
            match event:
                case Delta():
                    self._tell(TurnGrew(draft.id, draft.grow(event)))
                    self._keeper.keep_soon(thread, draft.turn)
                case Progress():
                    self._tell(PromptRead(draft.id, event.done, event.total))
                case Finished():
                    draft.finish(event)
                    reason = event.reason
        return ENDINGS[reason]

    async def _end(self, thread: Thread, turn: Turn) -> None:
        """Tell of the end once it is kept: what a person saw finished is not lost."""
        self._keeper.end()
        try:
            await self._keeper.keep(thread, turn)
        finally:
            self._draft = self._stream = None
            thread.change(turn)
            self._idle.set()
            self._tell(TurnChanged(turn))
