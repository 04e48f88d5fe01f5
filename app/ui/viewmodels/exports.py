"""Exports as the window offers them: what is exported, and what became of it.

In: paths that a person chose. Out: notices, and the chat that an import brought.
"""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.domain.messages import Role
from app.domain.texts import ScoredText
from app.errors import CandorError
from app.services.background import Background
from app.services.conversation import Conversation
from app.services.exports.chat_exports import ChatExports
from app.services.store.store import ChatStore
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.notice import Notice
from app.ui.viewmodels.selection import TokenSelection

EMPTY = Notice("This chat has nothing to export yet.", "Ask something first.")
NO_ANSWER = Notice("No answer is selected.", "Click a word of the answer that you want to export.")
NO_CHATS = Notice("There are no chats to export yet.", "Ask something first.")


class ExportsModel(QObject):
    """`noticed` carries a Notice, `imported` the id of a chat that can be opened now."""

    noticed = Signal(object)
    imported = Signal(object)

    def __init__(
        self,
        conversation: Conversation,
        store: ChatStore,
        selection: TokenSelection,
        background: Background,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._conversation = conversation
        self._store = store
        self._selection = selection
        self._exports = ChatExports(store, background)
        self._tasks = Tasks(self, on_bug)

    @property
    def chat_id(self) -> int | None:
        """The chat that could be exported now; without one, the person is told why."""
        if self._conversation.chat_id is None:
            self.noticed.emit(EMPTY)
        return self._conversation.chat_id

    @property
    def answer_id(self) -> int | None:
        """The selected answer; without one, the person is told how to select it."""
        turns = {turn.id: turn for turn in self._conversation.turns}
        selected = self._selection.current
        turn = turns.get(selected.turn_id) if selected else None
        if turn is None or turn.role is not Role.ASSISTANT:
            self.noticed.emit(NO_ANSWER)
            return None
        return turn.id

    def write_chat(self, chat_id: int, path: Path) -> None:
        """Export a chat with every version."""
        self._start(path, self._exports.write_chats(path, [chat_id]))

    def write_answer(self, chat_id: int, answer_id: int, path: Path) -> None:
        """Export one answer with its question."""
        self._start(path, self._exports.write_answer(path, chat_id, answer_id))

    def write_all(self, path: Path) -> None:
        """Export every chat."""
        self._start(path, self._write_all(path))

    def write_text(self, text: ScoredText, path: Path) -> None:
        """Export a scored text."""
        self._start(path, self._exports.write_text(path, text))

    def read(self, path: Path) -> None:
        """Import the chats of a file and open the last one."""
        self._tasks.start(self._told(self._read(path)))

    async def close(self) -> None:
        """Wait for nothing more; a file that is being written still gets whole."""
        await self._tasks.cancel()

    def _start(self, path: Path, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(self._told(self._write(path, work)))

    async def _write(self, path: Path, work: Coroutine[Any, Any, None]) -> None:
        await work
        self.noticed.emit(Notice(f"Exported to {path.name}.", str(path.parent)))

    async def _write_all(self, path: Path) -> None:
        chats = await self._store.chats()
        await self._exports.write_chats(path, [chat.id for chat in chats])

    async def _read(self, path: Path) -> None:
        ids = await self._exports.read(path)
        count = "1 chat" if len(ids) == 1 else f"{len(ids):,} chats"
        self.noticed.emit(Notice(f"Imported {count} from {path.name}.", ""))
        self.imported.emit(ids[-1])

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CandorError as error:
            self.noticed.emit(Notice(error.message, error.hint))
