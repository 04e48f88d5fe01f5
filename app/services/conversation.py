"""One conversation with the loaded model: questions in, turns and typed changes out.

Knows nothing of windows, pipes or files. Whatever happens to the worker, what was written so far
stays; a turn goes to the repository when it begins, as it grows, and before it is told as ended.
Another answer and a changed question stand beside the former ones, which stay.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from app.domain.chats import MessageTree, StoredChat
from app.domain.conversation import (
    AnswerOptions,
    Change,
    Cleared,
    Turn,
    TurnChanged,
)
from app.domain.messages import Role
from app.domain.tokens import Source, TokenRecord
from app.errors import InvalidRequest
from app.services.answering import Answering, Branch, Clock
from app.services.asking import require_unicode
from app.services.engine_host import EngineHost
from app.services.keeper import Keeper
from app.services.repository import ChatRepository, InMemoryRepository
from app.services.thread import Thread

Observer = Callable[[Change], None]

GONE = "This message is not in the chat any more."
RESTARTED = "The worker has been restarted."


class Conversation:
    """The turns of one chat, and the answer that is being written, if any."""

    def __init__(
        self,
        host: EngineHost,
        repository: ChatRepository | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._repository = repository or InMemoryRepository()
        self._keeper = Keeper(self._repository)
        self._observers: list[Observer] = []
        self._thread = Thread()
        new_id = self._repository.new_turn_id
        self._answering = Answering(host, self._keeper, new_id, clock, self._tell)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Everything said so far, the growing answer as it is now."""
        turns, growing = self._thread.turns, self._answering.growing
        return (*turns[:-1], growing) if growing else tuple(turns)

    @property
    def chat_id(self) -> int | None:
        """The chat that the turns are kept in; None while there is no turn."""
        return self._thread.chat_id

    @property
    def tree(self) -> MessageTree:
        """Which message follows which, those of other versions too."""
        return self._thread.tree

    @property
    def answering(self) -> bool:
        """Whether an answer is being written."""
        return self._answering.busy

    def observe(self, observer: Observer) -> None:
        """Tell `observer` of every change from now on."""
        self._observers.append(observer)

    async def send(self, text: str, options: AnswerOptions) -> None:
        """Ask `text` and take in the answer; returns when it ended.

        Raises:
            InvalidRequest: an answer is still being written, or half a character is in `text`.
            CandorError: the answer failed; the turn keeps what came and says so.
        """
        if self.answering:
            raise InvalidRequest("An answer is still being written.", "Stop it or wait for it.")
        require_unicode(text)
        await self._ask(text, options)

    async def regenerate(self, answer_id: int, options: AnswerOptions) -> None:
        """Take in another answer in the place of one, which stays as a version of it.

        An answer that is being written is stopped before. Raises as `send` does.
        """
        await self.pause()
        self._cut(answer_id, Role.ASSISTANT)
        await self._answering.write(self._thread, options)

    async def branch(
        self,
        answer_id: int,
        index: int,
        token: int,
        options: AnswerOptions,
        *,
        way: Sequence[TokenRecord] = (),
    ) -> None:
        """Take in another answer that is an old one up to its token `index`, with `token` there.

        A `way` of tokens, which keep their numbers, may come between the two.
        Both stay, as versions of each other. What is the same is taken by its ids, never from its
        text, and keeps its numbers. An answer that is being written is stopped before. Raises as
        `send` does, and InvalidRequest where the chat has no such token.
        """
        await self.pause()
        turn = next((turn for turn in self._thread.turns if turn.id == answer_id), None)
        if turn is None or not 0 <= index < len(turn.tokens):
            raise InvalidRequest("This token is not in the chat any more.")
        self._cut(answer_id, Role.ASSISTANT)
        chosen = (replace(each, source=Source.FORCED, sampled_logprob=None) for each in way)
        branch = Branch((*turn.tokens[:index], *chosen), token)
        if turn.origin is not None:  # its ids follow the prompt that they were asked with
            made = turn.origin
            options = replace(
                options, reasoning=made.reasoning, variables=made.variables, past=made.past
            )
        await self._answering.write(self._thread, options, branch=branch)

    async def edit(self, question_id: int, text: str, options: AnswerOptions) -> None:
        """Ask `text` in the place of a question, which stays as a version of it.

        An answer that is being written is stopped before. Raises as `send` does.
        """
        require_unicode(text)
        await self.pause()
        self._cut(question_id, Role.USER)
        await self._ask(text, options)

    async def step(self, turn_id: int, by: int) -> None:
        """Show the version of a turn that is `by` after it, if there is one; as `go` does."""
        if turn_id in self._thread and (version := self._thread.beside(turn_id, by)):
            await self.go(version)

    async def go(self, turn_id: int) -> None:
        """Show the path to a message of any version, with what came last below it.

        An answer that is being written is stopped before. Raises InvalidRequest where the chat has
        no such message, StoreUnavailable where it cannot be read.
        """
        thread = self._thread
        if turn_id not in thread.tree:
            raise InvalidRequest(GONE)
        ids = thread.missing(turn_id)
        turns = await self._repository.turns(ids)
        await self.pause()
        if turns and self._thread is thread and thread.missing(turn_id) == ids:
            self._tell(*thread.lead(turns))
            await self._keeper.point(thread)

    async def versions(self, turn_id: int) -> tuple[Turn, ...]:
        """A turn and its other versions, the oldest first.

        Raises:
            InvalidRequest: the chat has no such message.
            StoreUnavailable: they cannot be read.
        """
        if turn_id not in self._thread.tree:
            raise InvalidRequest(GONE)
        known = {turn.id: turn for turn in self._thread.turns}
        ids = self._thread.tree.versions(turn_id)
        elsewhere = await self._repository.turns([each for each in ids if each not in known])
        known |= {turn.id: turn for turn in elsewhere}
        return tuple(known[each] for each in ids)

    def stop(self) -> None:
        """End the answer that is being written within one token; what came is kept."""
        self._answering.stop()

    def answer_now(self) -> None:
        """End the thought that is being written within one token, and let the answer come."""
        self._answering.answer_now()

    async def pause(self) -> None:
        """Stop the answer that is being written, if any, and wait until it is kept."""
        await self._answering.pause()

    async def clear(self) -> None:
        """Stop the answer that is being written, if any, and begin another chat."""
        await self._turn_to(Thread())

    async def open(self, chat: StoredChat) -> None:
        """Stop the answer that is being written, if any, and go on with a stored chat."""
        await self._turn_to(Thread(chat.summary.id, chat.turns, chat.tree))

    async def note_restart(self) -> None:
        """Say on an answer that lost its worker that there is one again."""
        await self._answering.idle()
        last = self._thread.turns[-1] if self._thread.turns else None
        if last and last.id == self._answering.lost_worker and not last.note.endswith(RESTARTED):
            self.note(last.id, RESTARTED)

    def note(self, turn_id: int, sentence: str) -> None:
        """Say one thing more on how the last answer came about, unless it is the last no more."""
        turn = self._thread.turns[-1] if self._thread.turns else None
        if turn is not None and turn.id == turn_id:
            turn = replace(turn, note=f"{turn.note}\n{sentence}".lstrip())
            self._thread.change(turn)
            self._keeper.keep(self._thread, turn)
            self._tell(TurnChanged(turn))

    async def _ask(self, text: str, options: AnswerOptions) -> None:
        question = Turn(id=self._repository.new_turn_id(), role=Role.USER, text=text)
        self._tell(self._thread.add(question))
        await self._answering.write(self._thread, options, question)

    def _cut(self, turn_id: int, role: Role) -> None:
        turns = {turn.id: turn for turn in self._thread.turns}
        if turn_id not in turns or turns[turn_id].role is not role:
            raise InvalidRequest(GONE)
        self._tell(self._thread.cut(turn_id))

    async def _turn_to(self, thread: Thread) -> None:
        await self.pause()
        left, self._thread = self._thread.turns, thread
        self._tell(Cleared(), *thread.added())
        while left:  # a long chat is let go in parts: a million rows at once stop the window
            left.pop()
            await asyncio.sleep(0)

    def _tell(self, *changes: Change) -> None:
        for change in changes:
            for observer in tuple(self._observers):
                observer(change)
