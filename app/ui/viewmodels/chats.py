"""Every chat that is kept: listed, searched, opened, renamed and deleted; decides, draws nothing.

In: what a person does with the list, and changes of the conversation. Out: signals that carry
frozen values. One thing is done at a time where two could meet: a search that a later one has
overtaken is not shown, nor a chat opened that is no longer wanted.
"""

import contextlib
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.chats import ChatSummary, SearchHit, title
from app.domain.conversation import Change, Cleared, TurnAdded, TurnState
from app.errors import CandorError, StoreUnavailable
from app.services.conversation import Conversation
from app.services.store.store import ChatStore
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.chat_list import ChatEntry, ChatList, by_age, found
from app.ui.viewmodels.notice import Notice

UNDO_MS = 10_000
LONGEST_SEARCH = 500
TOO_LONG = (
    f"A search has at most {LONGEST_SEARCH} characters, and this one has {{:,}}. "
    "A few words are enough."
)


class Deletion(Struct, frozen=True):
    """A chat that can still be brought back; `was_open` tells whether it was the one shown."""

    chat: ChatSummary
    was_open: bool


class ChatsModel(QObject):
    """The list; `listed` carries a ChatList, `deleted` a Deletion or None, `noticed` a Notice.

    `opened` tells that another chat is shown, with the id of the message it was opened for.
    """

    listed = Signal(object)
    deleted = Signal(object)
    noticed = Signal(object)
    opened = Signal(object)

    def __init__(
        self,
        conversation: Conversation,
        store: ChatStore,
        on_bug: ErrorHandler,
        today: Callable[[], date] = date.today,
    ) -> None:
        super().__init__()
        self._conversation = conversation
        self._store = store
        self._today = today
        self._tasks = Tasks(self, on_bug)
        self._chats: tuple[ChatSummary, ...] = ()
        self._trouble = ""
        self._query = ""
        self._result: tuple[tuple[SearchHit, ...], str] = ((), "")
        self._searching = False
        self._wanted: int | None = None
        self._deletion: Deletion | None = None
        self._patience = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._patience.timeout.connect(lambda: self._start(self._purge()))
        conversation.observe(self._on_change)

    def refresh(self) -> None:
        """Read again which chats there are."""
        self._start(self._refresh())

    def search(self, text: str) -> None:
        """List the chats that hold these words; without any, list every chat."""
        self._query = text.strip()
        if not self._searching:
            self._searching = True
            self._start(self._search())

    def open(self, entry: ChatEntry) -> None:
        """Show a chat; an answer that is being written in another one is stopped and kept."""
        self._wanted = entry.chat.id
        self._start(self._open(entry.chat.id, entry.chat, entry.message))

    def open_imported(self, chat_id: int) -> None:
        """List a chat that came from a file, and show it."""
        self._wanted = chat_id
        self._start(self._open_imported(chat_id))

    def new(self) -> None:
        """Show an empty chat; an answer that is being written is stopped and kept."""
        self._wanted = None
        self._start(self._conversation.clear())

    def rename(self, chat: ChatSummary, name: str) -> None:
        """Give a chat another title; an empty one leaves it as it is."""
        if title(name) not in ("", chat.title):
            self._start(self._rename(chat.id, name))

    def delete(self, chat: ChatSummary) -> None:
        """Delete a chat; for a while it can be brought back."""
        self._start(self._delete(chat))

    def undo(self) -> None:
        """Bring back the chat that was deleted last."""
        if self._deletion is not None:
            self._start(self._undo(self._deletion))

    async def close(self) -> None:
        """End what is under way; what was deleted goes for good."""
        self._patience.stop()
        await self._tasks.cancel()
        if self._deletion is not None:
            with contextlib.suppress(StoreUnavailable):  # then the next start removes it
                await self._store.purge()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(self._told(work))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CandorError as error:
            self.noticed.emit(Notice(error.message, error.hint))

    async def _refresh(self) -> None:
        try:
            self._chats, self._trouble = await self._store.chats(), ""
        except StoreUnavailable as error:
            self._chats, self._trouble = (), str(error)
        if self._query:
            self.search(self._query)
        self._show()

    async def _search(self) -> None:
        try:
            asked = None
            while asked != self._query:
                asked = self._query
                self._result = await self._found(asked)
                self._show()
        finally:
            self._searching = False

    async def _found(self, text: str) -> tuple[tuple[SearchHit, ...], str]:
        """The hits, or why there are none to show."""
        if len(text) > LONGEST_SEARCH:
            return (), TOO_LONG.format(len(text))
        try:
            return await self._store.search(text), ""
        except StoreUnavailable as error:
            return (), str(error)

    async def _open(self, wanted: int, chat: ChatSummary, message: int | None) -> None:
        if not self._shows(chat.id, message):
            await self._conversation.pause()
            stored = await self._store.read(chat, message)
            if self._wanted != wanted:
                return
            await self._conversation.open(stored)
        self.opened.emit(message)

    async def _open_imported(self, chat_id: int) -> None:
        await self._refresh()
        found = next((chat for chat in self._chats if chat.id == chat_id), None)
        if found is not None:
            await self._open(chat_id, found, None)
            self._show()

    def _shows(self, chat_id: int, message: int | None) -> bool:
        ids = {turn.id for turn in self._conversation.turns}
        return chat_id == self._conversation.chat_id and (message is None or message in ids)

    async def _rename(self, chat_id: int, name: str) -> None:
        await self._store.rename(chat_id, name)
        await self._refresh()

    async def _delete(self, chat: ChatSummary) -> None:
        await self._purge()
        await self._store.delete(chat.id)
        was_open = chat.id == self._conversation.chat_id
        self._remember(Deletion(chat, was_open))
        if was_open:
            await self._conversation.clear()
        await self._refresh()

    async def _undo(self, deletion: Deletion) -> None:
        self._remember(None)
        await self._store.undelete(deletion.chat.id)
        await self._refresh()
        if deletion.was_open and not self._conversation.turns:
            self._wanted = deletion.chat.id
            await self._open(deletion.chat.id, deletion.chat, None)

    async def _purge(self) -> None:
        if self._deletion is not None:
            self._remember(None)
            await self._store.purge()

    def _remember(self, deletion: Deletion | None) -> None:
        self._deletion = deletion
        if deletion is None:
            self._patience.stop()
        else:
            self._patience.start()
        self.deleted.emit(deletion)

    def _show(self) -> None:
        self.listed.emit(self._list())

    def _list(self) -> ChatList:
        open_id = self._conversation.chat_id
        hits, trouble = self._result if self._query else ((), self._trouble)
        if trouble:
            return ChatList(sentence=trouble)
        if self._query:
            return found(hits, open_id, self._query)
        return by_age(self._chats, open_id, self._today())

    def _on_change(self, change: Change) -> None:
        match change:
            case TurnAdded() if change.turn.state is TurnState.STREAMING:
                self.refresh()
            case Cleared():
                self._show()
