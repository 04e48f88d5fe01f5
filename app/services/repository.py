"""Where a conversation puts its turns: what it needs of a store, and one that is only memory."""

import asyncio
import itertools
from asyncio import Future
from collections.abc import Sequence
from typing import Protocol

from app.domain.chats import Node
from app.domain.conversation import Turn


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

    def point(self, chat_id: int, leaf: int) -> Future[None]:
        """Let a chat end in another of its turns; the future is as that of `keep`."""
        ...

    async def turns(self, ids: Sequence[int]) -> tuple[Turn, ...]:
        """Turns that were kept, in the order of `ids`.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        ...


class InMemoryRepository:
    """Keeps nothing beyond the process."""

    def __init__(self) -> None:
        self._chat_ids = itertools.count(1)
        self._turn_ids = itertools.count(1)
        self._turns: dict[int, Turn] = {}

    def new_chat_id(self) -> int:
        """An id that no chat has."""
        return next(self._chat_ids)

    def new_turn_id(self) -> int:
        """An id that no turn has."""
        return next(self._turn_ids)

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> Future[None]:
        """Hold the turns; which chat they belong to, the conversation knows."""
        self._turns |= {node.turn.id: node.turn for node in nodes}
        return _done()

    def point(self, chat_id: int, leaf: int) -> Future[None]:
        """Nothing to do."""
        return _done()

    async def turns(self, ids: Sequence[int]) -> tuple[Turn, ...]:
        """The turns with these ids."""
        return tuple(self._turns[id] for id in ids)


def _done() -> Future[None]:
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
