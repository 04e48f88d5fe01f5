"""The list of chats: clicked or walked through by keys, renamed in its place, deleted.

Enter opens, F2 renames, Del deletes; the same stand in the menu of an entry.
"""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu

from app.ui.sidebar.delegate import ChatDelegate
from app.ui.sidebar.list_model import ChatListModel
from app.ui.theme.palette import Theme
from app.ui.viewmodels.chat_list import ChatEntry, Entry
from app.ui.widgets import name_scroll_bars

OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
DELETING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class ChatListView(QListView):
    """`chosen` carries a ChatEntry, `deleted` a ChatSummary, `renamed` one and its new title."""

    chosen = Signal(object)
    deleted = Signal(object)
    renamed = Signal(object, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._entries = ChatListModel()
        self._entries.setParent(self)
        self._entries.renamed.connect(self.renamed)
        self._delegate = ChatDelegate(theme, self)
        self.setModel(self._entries)
        self.setItemDelegate(self._delegate)
        self.clicked.connect(self._choose)
        self._set_up()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """List these; the keys stay at the chat they are at."""
        before = self.chosen_entry()
        self._entries.show_entries(entries)
        now = self.chosen_entry()
        if before and now and before.chat.id != now.chat.id:
            self.go_to(before.chat.id)

    def chosen_entry(self) -> ChatEntry | None:
        """The entry that the keys are at."""
        entry = self._entries.entry(self.currentIndex())
        return entry if isinstance(entry, ChatEntry) else None

    def go_to_first(self) -> ChatEntry | None:
        """Let the keys be at the first chat; which that is."""
        for row in range(self._entries.rowCount()):
            if isinstance(self._entries.entry(self._entries.index(row)), ChatEntry):
                self.setCurrentIndex(self._entries.index(row))
                break
        return self.chosen_entry()

    def go_to(self, chat_id: int) -> None:
        """Let the keys be at a chat, where it is listed."""
        place = self._entries.place_of(chat_id)
        if place.isValid():
            self.setCurrentIndex(place)

    def menu(self, index: QModelIndex, entry: ChatEntry) -> QMenu:
        """What can be done with the entry at this place."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Chat")
        menu.addAction("Open\tEnter", lambda: self.chosen.emit(entry))
        menu.addAction("Rename\tF2", lambda: self.edit(index))
        menu.addAction("Delete\tDel", lambda: self.deleted.emit(entry.chat))
        return menu

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Del deletes; the rest is Qt's, as are the keys of an open editor."""
        editing = self.state() is QAbstractItemView.State.EditingState
        entry = None if editing else self.chosen_entry()
        if entry and event.key() in OPENING:
            self.chosen.emit(entry)
        elif entry and event.key() in DELETING:
            self.deleted.emit(entry.chat)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the entry."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        entry = self._entries.entry(index)
        if not isinstance(entry, ChatEntry):
            return
        place = self.visualRect(index).center() if by_key else event.pos()
        self.menu(index, entry).popup(self.viewport().mapToGlobal(place))

    def _choose(self, index: QModelIndex) -> None:
        entry = self._entries.entry(index)
        if isinstance(entry, ChatEntry):
            self.chosen.emit(entry)

    def _set_up(self) -> None:
        self.setObjectName("chats")
        self.setAccessibleName("Chats")
        name_scroll_bars(self, "Chats")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
