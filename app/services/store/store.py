"""The door to the stored chats: async for the services, one writer thread behind it."""

import asyncio
import itertools
from asyncio import Future
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from app.domain.chats import ChatSummary, Node, SearchHit, StoredChat, WholeChat, renumbered
from app.domain.conversation import Turn
from app.errors import CandorError, StoreUnavailable
from app.services.store.chat_file import ChatFile

T = TypeVar("T")


class Opened(Struct, frozen=True):
    """What was found: the chat written in last, and where a damaged file was put aside."""

    latest: StoredChat | None
    aside: Path | None


class ChatStore:
    """Keeps chats in a file; a `ChatRepository`, which works in memory until it is opened."""

    def __init__(self, file: ChatFile) -> None:
        self._file = file
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._chat_ids = itertools.count(1)
        self._turn_ids = itertools.count(1)
        self._observers: list[Callable[[CandorError], None]] = []

    def on_failure(self, observer: Callable[[CandorError], None]) -> None:
        """Tell `observer` why turns could not be stored, each time that happens."""
        self._observers.append(observer)

    async def open(self) -> Opened:
        """Open the file and read the chat that was written in last.

        Raises:
            StoreUnavailable: chats can be neither stored nor read; turns stay in memory.
        """
        aside = await self._run(self._file.open)
        chat, turn = await self._run(self._file.highest_ids)
        self._chat_ids = itertools.count(chat + 1)
        self._turn_ids = itertools.count(turn + 1)
        summaries = await self.chats()
        return Opened(await self.read(summaries[0]) if summaries else None, aside)

    def new_chat_id(self) -> int:
        """An id that no chat has."""
        return next(self._chat_ids)

    def new_turn_id(self) -> int:
        """An id that no turn of any chat has, higher than those before it."""
        return next(self._turn_ids)

    def keep(self, chat_id: int, nodes: Sequence[Node]) -> Future[None]:
        """Store turns, all or none, and move the chat's leaf to the last of them.

        The future is done once they are on the disk, or once the observers know why they are not.
        """
        return self._write(lambda: self._file.keep(chat_id, nodes))

    def point(self, chat_id: int, leaf: int) -> Future[None]:
        """Let a chat end in another of its messages; the future is as that of `keep`."""
        return self._write(lambda: self._file.point(chat_id, leaf))

    async def turns(self, ids: Sequence[int], bare: Collection[int] = ()) -> tuple[Turn, ...]:
        """Messages by their ids, decoded in the writer's thread; those in `bare` have no tokens."""
        return await self._run(lambda: self._file.turns(ids, bare))

    async def chats(self) -> tuple[ChatSummary, ...]:
        """Every chat, the one that was written in last first."""
        return await self._run(self._file.summaries)

    async def read(self, summary: ChatSummary, message: int | None = None) -> StoredChat:
        """What a chat holds now, on a path that shows `message` where one is named.

        Raises:
            InvalidRequest: it has been deleted.
            StoreUnavailable: it cannot be read.
        """
        return await self._run(lambda: self._file.read(summary, message))

    async def read_whole(self, chat_id: int) -> WholeChat:
        """A chat with every version of every message.

        Raises:
            InvalidRequest: it has been deleted.
            StoreUnavailable: it cannot be read.
        """
        return await self._run(lambda: self._file.read_whole(chat_id))

    async def add(self, chats: Sequence[WholeChat]) -> tuple[int, ...]:
        """Store chats that come from elsewhere, all or none, under new ids, which are returned.

        Raises:
            StoreUnavailable: they cannot be stored.
        """
        own = [renumbered(chat, self.new_chat_id(), self.new_turn_id) for chat in chats]
        await self._run(lambda: self._file.add(own))
        return tuple(chat.summary.id for chat in own)

    async def search(self, text: str) -> tuple[SearchHit, ...]:
        """The chats in which every word of `text` begins a word, the one used last first."""
        return await self._run(lambda: self._file.search(text))

    async def rename(self, chat_id: int, name: str) -> None:
        """Give a chat another title."""
        await self._run(lambda: self._file.rename(chat_id, name))

    async def delete(self, chat_id: int) -> None:
        """Hide a chat; its rows go with `purge`, or when the file is opened the next time."""
        await self._run(lambda: self._file.mark_deleted(chat_id, True))

    async def undelete(self, chat_id: int) -> None:
        """Show a chat again that was deleted and not purged since."""
        await self._run(lambda: self._file.mark_deleted(chat_id, False))

    async def purge(self) -> None:
        """Remove the rows of deleted chats."""
        await self._run(self._file.purge)

    async def close(self) -> None:
        """Finish what is being stored and let the file go."""
        await self._run(self._file.close)
        self._writer.shutdown()

    def _run(self, work: Callable[[], T]) -> Future[T]:
        """Work in the writer's thread; it is done even if nobody waits for it any more."""
        running = asyncio.wrap_future(self._writer.submit(work))
        return asyncio.shield(running)

    def _write(self, work: Callable[[], None]) -> Future[None]:
        """Work that does not fail: the observers hear why it could not be done."""
        loop = asyncio.get_running_loop()

        def attempt() -> None:
            try:
                work()
            except StoreUnavailable as error:
                loop.call_soon_threadsafe(self._report, error)

        return self._run(attempt)

    def _report(self, error: StoreUnavailable) -> None:
        for observer in self._observers:
            observer(error)
