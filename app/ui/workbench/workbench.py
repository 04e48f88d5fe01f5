"""Connects the tools' menu to what it offers: the workbench's pages, exports and imports."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.domain.texts import ScoredText
from app.ui.theme.style import Appearance
from app.ui.viewmodels.chats import ChatsModel
from app.ui.window import MainWindow
from app.ui.workbench.compare_page import ComparePage
from app.ui.workbench.file_dialogs import (
    EXPORTS,
    TABLES,
    OnPath,
    ask_for_file,
    ask_where_to_export,
)
from app.ui.workbench.models import WorkbenchModels
from app.ui.workbench.score_page import ScorePage
from app.ui.workbench.window import WorkbenchWindow

EXPORT_KEYS = "Ctrl+E"
SCORE, SCORE_KEYS = "Score", "Ctrl+Shift+T"
COMPARE = "Compare"


class Workbench(QObject):
    """Opens pages, each made when one is asked for the first time, and asks for files."""

    def __init__(
        self,
        window: MainWindow,
        appearance: Appearance,
        chats: ChatsModel,
        models: WorkbenchModels,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._appearance = appearance
        self._models = models
        self._exports = exports = models.exports
        self.pages: WorkbenchWindow | None = None
        self.score: ScorePage | None = None
        self.compare: ComparePage | None = None
        exports.noticed.connect(window.banner.show_notice)
        exports.imported.connect(chats.open_imported)
        self._offer()

    def open(self, page: str) -> None:
        """Show a page of the workbench."""
        if self.pages is None:
            self.pages = WorkbenchWindow(
                self._window, {SCORE: self._score_page(), COMPARE: self._compare_page()}
            )
        if self.compare is not None:
            self.compare.present()
        self.pages.present(page)

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

    def _export_text(self, text: ScoredText) -> None:
        self._ask(
            "Export the scored text",
            text.title,
            lambda path: self._exports.write_text(text, path),
            self.pages,
        )

    def _score_page(self) -> ScorePage:
        self.score = page = ScorePage(self._appearance.theme, self._models.scoring)
        page.export_asked.connect(self._export_text)
        self._appearance.changed.connect(page.recolour)
        return page

    def _compare_page(self) -> ComparePage:
        self.compare = page = ComparePage(self._appearance.theme, self._models.comparing)
        self._appearance.changed.connect(page.recolour)
        return page

    def _offer(self) -> None:
        tools = self._window.header.tools
        tools.offer("Score a text…", lambda: self.open(SCORE), SCORE_KEYS)
        tools.offer("Compare two models…", lambda: self.open(COMPARE))
        tools.divide()
        tools.offer("Export this chat…", self.export_chat, EXPORT_KEYS)
        tools.offer("Export the selected answer…", self.export_answer)
        tools.offer("Export every chat…", self.export_all)
        tools.offer("Import chats…", self.import_chats)

    def _ask(self, title: str, name: str, on_path: OnPath, parent: QWidget | None = None) -> None:
        ask_where_to_export(parent or self._window, title, name, EXPORTS, on_path)
