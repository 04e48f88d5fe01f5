"""New chat, the search, the list of chats, and the line that says where they are kept from."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.sidebar.foot import Foot
from app.ui.sidebar.list_view import ChatListView
from app.ui.theme.palette import Theme
from app.ui.viewmodels.chat_list import ChatList
from app.ui.viewmodels.chats import ChatsModel, Deletion
from app.ui.widgets import button, claims_escape, keys_text, label

WIDTH = 248


class SearchField(QLineEdit):
    """Words to look for; `left` is Esc in an empty field.

    `entered` carries True for Enter and False for Down.
    """

    left = Signal()
    entered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Search every chat")
        self.setAccessibleName("Search every chat")
        self.setAccessibleDescription("Ctrl+K")
        self.setToolTip("Ctrl+K")
        self.setClearButtonEnabled(True)
        for clear in self.findChildren(QToolButton):
            clear.setAccessibleName("End the search")

    def event(self, event: QEvent) -> bool:
        """Esc stops the answer elsewhere; here it ends the search."""
        return claims_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the first chat found, Down goes to the list, Esc ends the search."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(True)
        elif event.key() == Qt.Key.Key_Down:
            self.entered.emit(False)
        elif event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        if self.text():
            self.clear()
        else:
            self.left.emit()


class UndoBar(QFrame):
    """Says which chat was deleted while it can be brought back."""

    undone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("undo")
        self._words = label(kind="muted")
        self._undo = button("Undo", self.undone.emit, keys="Ctrl+Z")
        self._undo.setAccessibleName("Bring the deleted chat back")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 6, 6)
        row.addWidget(self._words, 1)
        row.addWidget(self._undo)
        self.hide()

    def show_deletion(self, deletion: Deletion | None) -> None:
        """Offer to take a deletion back; None offers nothing."""
        if deletion is not None:
            name = self._words.fontMetrics().elidedText(
                deletion.chat.title, Qt.TextElideMode.ElideRight, WIDTH // 2
            )
            self._words.setText(f"Deleted\n{name}")
            self._words.setToolTip(deletion.chat.title)
        self.setVisible(deletion is not None)


class Sidebar(QFrame):
    """Shows what a ChatsModel lists and hands on what a person does with it."""

    new_chat = Signal()

    def __init__(self, theme: Theme, model: ChatsModel) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setFixedWidth(WIDTH)
        self.field = SearchField()
        self.chats = ChatListView(theme)
        self.undo = UndoBar()
        self.foot = Foot()
        self._sentence = label(kind="muted", wrap=True)
        self._lay_out()
        self._connect(model)

    def show_list(self, shown: ChatList) -> None:
        """List chats, or say why there are none."""
        self.chats.show_entries(shown.entries)
        self._sentence.setText(shown.sentence)
        self._pages.setCurrentIndex(1 if shown.sentence else 0)

    @property
    def sentence(self) -> str:
        """What stands in the place of the list."""
        return self._sentence.text()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.chats.recolour(theme)

    def begin_search(self) -> None:
        """Let the keyboard write what to look for."""
        self.field.setFocus()
        self.field.selectAll()

    def _connect(self, model: ChatsModel) -> None:
        model.listed.connect(self.show_list)
        model.deleted.connect(self.undo.show_deletion)
        self.field.textChanged.connect(model.search)
        self.field.entered.connect(self._go_to_list)
        self.chats.chosen.connect(model.open)
        self.chats.deleted.connect(model.delete)
        self.chats.renamed.connect(model.rename)
        self.undo.undone.connect(model.undo)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(model.undo)

    def _go_to_list(self, opening: bool) -> None:
        entry = self.chats.go_to_first()
        if entry is not None and opening:
            self.chats.chosen.emit(entry)
        elif entry is not None:
            self.chats.setFocus()

    def _lay_out(self) -> None:
        new = button(
            "New chat",
            self.new_chat.emit,
            kind="primary",
            keys=keys_text(QKeySequence.StandardKey.New),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 12, 10, 12)
        layout.setSpacing(10)
        layout.addWidget(new)
        layout.addWidget(self.field)
        layout.addLayout(self._list_or_sentence(), 1)
        layout.addWidget(self.undo)
        layout.addWidget(self.foot)

    def _list_or_sentence(self) -> QStackedLayout:
        sentence = QWidget()
        around = QVBoxLayout(sentence)
        around.setContentsMargins(10, 8, 10, 0)
        around.addWidget(self._sentence)
        around.addStretch(1)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.chats)
        self._pages.addWidget(sentence)
        return self._pages
