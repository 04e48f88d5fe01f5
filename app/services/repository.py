"""Where a conversation puts its turns: what it needs of a store, and one that is only memory."""

import asyncio
import itertools
from asyncio import Future
from collections.abc import Sequence
from typing import Protocol

from app.domain.chats import Node


class ChatRepository(Protocol):
    """Keeps turns as they come; lives in one event loop."""

    def new_chat_id(self) -> int:
        """An id that no chat has."""
        ...

    def new_turn_id(self) -> int:
        """An id that no turn of any chat has, higher than those before it."""
        ...

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> Future[None]:
        """Put turns, all or none, into a chat, whose leaf becomes the last of them.

        A turn that is known by its id gets its present content. The future is done once the turns
        outlive the process, or once it is certain that they cannot; it does not fail for that.
        """
        ...


class InMemoryRepository:
    """Keeps nothing beyond the process: the conversation itself holds its turns."""

    def __init__(self) -> None:
        self._chat_ids = itertools.count(1)
        self._turn_ids = itertools.count(1)

    def new_chat_id(self) -> int:
        """An id that no chat has."""
        return next(self._chat_ids)

    def new_turn_id(self) -> int:
        """An id that no turn has."""
        return next(self._turn_ids)

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> Future[None]:
        """Nothing to do."""
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done
