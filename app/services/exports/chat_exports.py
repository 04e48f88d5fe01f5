"""Chats of the store out to files and in again, without making anybody wait.

In: paths and which chats. Out: files, and the ids of imported chats. Encoding a long chat takes
seconds, so that is done in the background.
"""

from collections.abc import Sequence
from pathlib import Path

from app.domain.texts import ScoredText
from app.errors import InvalidRequest
from app.services.background import Background
from app.services.exports import document, files
from app.services.exports.document import only_answer
from app.services.exports.files import Contents
from app.services.store.store import ChatStore


class ChatExports:
    """Reads and writes in the `background`."""

    def __init__(self, store: ChatStore, background: Background) -> None:
        self._store = store
        self._background = background

    async def write_chats(self, path: Path, chat_ids: Sequence[int]) -> None:
        """Write whole chats in the form that the file's name asks for.

        Raises:
            CandorError: the form is unknown, a chat is gone, or the file cannot be written.
        """
        files.format_of(path)
        chats = [await self._store.read_whole(id) for id in chat_ids]
        await self._write(path, Contents(tuple(chats)))

    async def write_answer(self, path: Path, chat_id: int, answer_id: int) -> None:
        """Write one answer with its question; raises as `write_chats` does."""
        files.format_of(path)
        chat = await self._store.read_whole(chat_id)
        await self._write(path, Contents((only_answer(chat, answer_id),)))

    async def write_text(self, path: Path, text: ScoredText) -> None:
        """Write a scored text; raises as `write_chats` does."""
        files.format_of(path)
        await self._write(path, Contents(texts=(text,)))

    async def read(self, path: Path) -> tuple[int, ...]:
        """Add the chats of an exported file to the store; their ids.

        Raises:
            CandorError: the file is no sound export, has no chats, or they cannot be stored.
        """
        found = await self._background.run(lambda: document.read(path))
        if not found.chats:
            raise InvalidRequest("There are no chats in this export.")
        return await self._store.add(found.chats)

    async def _write(self, path: Path, contents: Contents) -> None:
        format = files.format_of(path)
        await self._background.run(lambda: files.write(path, files.made(contents, format)))
