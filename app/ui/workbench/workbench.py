"""Connects the tools' menu to what it offers: the workbench's pages, exports and imports."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.domain.texts import ScoredText
from app.ui.file_dialogs import (
    EXPORTS,
    TABLES,
    OnPath,
    ask_for_file,
    ask_where_to_export,
)
from app.ui.theme.style import Appearance
from app.ui.viewmodels.chats import ChatsModel
from app.ui.window import MainWindow
from app.ui.workbench.calibrate_page import CalibratePage
from app.ui.workbench.classify_page import ClassifyPage
from app.ui.workbench.compare_page import ComparePage
from app.ui.workbench.made_by import MadeByDialog
from app.ui.workbench.models import WorkbenchModels
from app.ui.workbench.score_page import ScorePage
from app.ui.workbench.window import WorkbenchWindow

EXPORT_KEYS = "Ctrl+E"
SCORE, SCORE_KEYS = "Score", "Ctrl+Shift+T"
COMPARE, CLASSIFY, CALIBRATE = "Compare", "Classify", "Calibrate"
ORIGIN_KEYS = "Ctrl+Shift+M"


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
        self.classify: ClassifyPage | None = None
        self.calibrate: CalibratePage | None = None
        self.made_by: MadeByDialog | None = None
        exports.noticed.connect(window.banner.show_notice)
        exports.imported.connect(chats.open_imported)
        self._offer()

    def open(self, page: str) -> None:
        """Show a page of the workbench."""
        if self.pages is None:
            self.pages = WorkbenchWindow(self._window, self._make_pages())
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

    def show_origin(self) -> None:
        """Show what made the selected answer, or else the last one."""
        if self.made_by is None:
            self.made_by = MadeByDialog(self._window, self._models.repeating)
        self._models.repeating.choose()
        self.made_by.present()

    def _make_pages(self) -> dict[str, QWidget]:
        theme, models = self._appearance.theme, self._models
        self.score = ScorePage(theme, models.scoring)
        self.score.export_asked.connect(self._export_text)
        self.compare = ComparePage(theme, models.comparing)
        self.classify = ClassifyPage(models.classifying)
        self.calibrate = CalibratePage(theme, models.calibrating)
        for page in (self.score, self.compare, self.calibrate):
            self._appearance.changed.connect(page.recolour)
        return {
            SCORE: self.score,
            COMPARE: self.compare,
            CLASSIFY: self.classify,
            CALIBRATE: self.calibrate,
        }

    def _offer(self) -> None:
        tools = self._window.header.tools
        tools.offer("Score a text…", lambda: self.open(SCORE), SCORE_KEYS)
        tools.offer("Compare two models…", lambda: self.open(COMPARE))
        tools.offer("Classify texts…", lambda: self.open(CLASSIFY))
        tools.offer("Calibrate…", lambda: self.open(CALIBRATE))
        tools.divide()
        tools.offer("What made this answer…", self.show_origin, ORIGIN_KEYS)
        tools.divide()
        tools.offer("Export this chat…", self.export_chat, EXPORT_KEYS)
        tools.offer("Export the selected answer…", self.export_answer)
        tools.offer("Export every chat…", self.export_all)
        tools.offer("Import chats…", self.import_chats)

    def _ask(self, title: str, name: str, on_path: OnPath, parent: QWidget | None = None) -> None:
        ask_where_to_export(parent or self._window, title, name, EXPORTS, on_path)
