"""Keeps the turns of a conversation: at once, and a growing answer about once a second."""

import asyncio
from collections.abc import Callable

from app.domain.conversation import Turn
from app.services.repository import ChatRepository
from app.services.thread import Thread

KEEP_EVERY_S = 0.9  # with the time of a write, at most a second of an answer is at risk


class Keeper:
    """Hands turns to the repository, each in its place."""

    def __init__(self, repository: ChatRepository) -> None:
        self._repository = repository
        self._partial: asyncio.Future[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None

    def keep(self, thread: Thread, *turns: Turn) -> asyncio.Future[None]:
        """Keep turns of the thread, which gets a chat of its own with the first ones."""
        return self._repository.keep(self._chat(thread), thread.nodes(turns))

    def point(self, thread: Thread) -> asyncio.Future[None]:
        """Let the chat end where the thread does."""
        return self._repository.point(self._chat(thread), thread.turns[-1].id)

    def keep_soon(self, thread: Thread, growing: Callable[[], Turn]) -> None:
        """Keep what an answer has become, a moment from now."""
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(KEEP_EVERY_S, self._keep_partial, thread, growing)

    def end(self) -> None:
        """No answer grows any more."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _keep_partial(self, thread: Thread, growing: Callable[[], Turn]) -> None:
        self._waiting = None
        if self._partial is not None and not self._partial.done():
            self.keep_soon(thread, growing)  # a slow disk is not made slower
        else:
            self._partial = self.keep(thread, growing())

    def _chat(self, thread: Thread) -> int:
        if thread.chat_id is None:
            thread.chat_id = self._repository.new_chat_id()
        return thread.chat_id
