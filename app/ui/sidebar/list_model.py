"""The entries of the list of chats as Qt's list asks for them.

A list that is told again is compared with what is there, so that the selected chat, an open editor
and the place one reads at stay.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.ui.viewmodels.chat_list import ChatEntry, Entry, Heading

Index = QModelIndex | QPersistentModelIndex
ENTRY = Qt.ItemDataRole.UserRole
TEXTS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole)
CHAT_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


class ChatListModel(QAbstractListModel):
    """`renamed` carries a ChatSummary and the title that a person wrote."""

    renamed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """List these: rows that stay have changed, those between them come and go."""
        old, top = self._entries, QModelIndex()
        before, after = _ids(old), _ids(entries)
        start = _same(before, after)
        end = _same(before[start:][::-1], after[start:][::-1])
        if start < len(old) - end:
            self.beginRemoveRows(top, start, len(old) - end - 1)
            self._entries = old[:start] + old[len(old) - end :]
            self.endRemoveRows()
        if start < len(entries) - end:
            self.beginInsertRows(top, start, len(entries) - end - 1)
            self._entries = entries
            self.endInsertRows()
        self._entries = entries
        if entries and old != entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def entry(self, index: Index) -> Entry | None:
        """What stands at this place."""
        return self._entries[index.row()] if index.isValid() else None

    def place_of(self, chat_id: int) -> QModelIndex:
        """Where a chat stands; not valid where it does not."""
        for row, entry in enumerate(self._entries):
            if isinstance(entry, ChatEntry) and entry.chat.id == chat_id:
                return self.index(row)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many entries there are."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The entry itself, its text, and what a screen reader says of it."""
        entry = self.entry(index)
        if entry is None:
            return None
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(entry)
        return text_of(entry) if role in TEXTS else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A title that was written; the list shows it once it is kept."""
        entry = self.entry(index)
        if role != Qt.ItemDataRole.EditRole or not isinstance(entry, ChatEntry):
            return False
        self.renamed.emit(entry.chat, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        is_chat = isinstance(self.entry(index), ChatEntry)
        return CHAT_FLAGS if is_chat else Qt.ItemFlag.NoItemFlags


def text_of(entry: Entry) -> str:
    """A heading, or the title of a chat."""
    return entry.text if isinstance(entry, Heading) else entry.title.text


def spoken(entry: Entry) -> str:
    """The entry in words."""
    if isinstance(entry, Heading):
        return entry.text
    parts = [entry.title.text]
    if entry.is_open:
        parts.append("open")
    if entry.detail is not None:
        parts.append(entry.detail.text)
    return ", ".join(parts)


def _ids(entries: tuple[Entry, ...]) -> list[int | str]:
    return [each.text if isinstance(each, Heading) else each.chat.id for each in entries]


def _same(one: Sequence[int | str], other: Sequence[int | str]) -> int:
    """How many ids at the beginning are equal."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
