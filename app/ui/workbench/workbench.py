"""Connects the tools' menu to what it offers."""

from PySide6.QtCore import QObject

from app.ui.viewmodels.chats import ChatsModel
from app.ui.viewmodels.exports import ExportsModel
from app.ui.window import MainWindow
from app.ui.workbench.file_dialogs import (
    EXPORTS,
    TABLES,
    OnPath,
    ask_for_file,
    ask_where_to_export,
)

EXPORT_KEYS = "Ctrl+E"


class Workbench(QObject):
    """Opens pages and asks for files."""

    def __init__(self, window: MainWindow, chats: ChatsModel, exports: ExportsModel) -> None:
        super().__init__(window)
        self._window = window
        self._exports = exports
        exports.noticed.connect(window.banner.show_notice)
        exports.imported.connect(chats.open_imported)
        tools = window.header.tools
        tools.offer("Export this chat…", self.export_chat, EXPORT_KEYS)
        tools.offer("Export the selected answer…", self.export_answer)
        tools.offer("Export every chat…", self.export_all)
        tools.offer("Import chats…", self.import_chats)

    def export_chat(self) -> None:
        """Ask where the open chat shall go."""
        exports, chat = self._exports, self._exports.chat_id
        if chat is not None:
            self._ask("Export this chat", "chat", lambda path: exports.write_chat(chat, path))

    def export_answer(self) -> None:
        """Ask where the selected answer shall go."""
        exports, chat, answer = self._exports, self._exports.chat_id, self._exports.answer_id
        if chat is not None and answer is not None:
            self._ask(
                "Export the answer",
                "answer",
                lambda path: exports.write_answer(chat, answer, path),
            )

    def export_all(self) -> None:
        """Ask where all chats shall go."""
        ask_where_to_export(
            self._window, "Export every chat", "chats", TABLES, self._exports.write_all
        )

    def import_chats(self) -> None:
        """Ask for an export."""
        filters = ["Exports of Candor (*.json)"]
        ask_for_file(self._window, "Import chats", filters, self._exports.read)

    def _ask(self, title: str, name: str, on_path: OnPath) -> None:
        ask_where_to_export(self._window, title, name, EXPORTS, on_path)
