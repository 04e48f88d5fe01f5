"""The door to the stored chats: async for the services, one writer thread behind it."""

import asyncio
import itertools
from asyncio import Future
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from app.domain.chats import ChatSummary, Node, StoredChat
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
        loop = asyncio.get_running_loop()
        return self._run(lambda: self._write(loop, chat_id, nodes))

    async def chats(self) -> tuple[ChatSummary, ...]:
        """Every chat, the one that was written in last first."""
        return await self._run(self._file.summaries)

    async def read(self, summary: ChatSummary) -> StoredChat:
        """What a chat holds."""
        return await self._run(lambda: self._file.read(summary))

    async def point(self, chat_id: int, leaf: int) -> None:
        """Let a chat end in another of its messages: another version, or an earlier place."""
        await self._run(lambda: self._file.point(chat_id, leaf))

    async def close(self) -> None:
        """Finish what is being stored and let the file go."""
        await self._run(self._file.close)
        self._writer.shutdown()

    def _run(self, work: Callable[[], T]) -> Future[T]:
        """Work in the writer's thread; it is done even if nobody waits for it any more."""
        running = asyncio.wrap_future(self._writer.submit(work))
        return asyncio.shield(running)

    def _write(self, loop: asyncio.AbstractEventLoop, chat_id: int, nodes: Sequence[Node]) -> None:
        try:
            self._file.keep(chat_id, nodes)
        except StoreUnavailable as error:
            loop.call_soon_threadsafe(self._report, error)

    def _report(self, error: StoreUnavailable) -> None:
        for observer in self._observers:
            observer(error)
