"""Scoring: a text goes in, and comes back with the probability of each of its tokens."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.domain.events import Delta
from app.domain.heat import Face
from app.domain.passages import Passage
from app.ui.file_dialogs import ask_for_file
from app.ui.legend import TEXT_MODES, Legend
from app.ui.theme.palette import Theme
from app.ui.view_menu import ViewMenu
from app.ui.viewmodels.scored import first_token
from app.ui.viewmodels.scoring import ScoreModel, ScoreStatus
from app.ui.widgets import button, label, line
from app.ui.workbench.page import arrange, document
from app.ui.workbench.score_summary import ScoreSummary
from app.ui.workbench.scored_text import ScoredTextView
from app.ui.workbench.task_row import TaskRow
from app.ui.workbench.token_details import TokenDetails

MEANING = "How likely the loaded model finds each token of a text. Nothing is generated."
PLACEHOLDER = "Write or paste a text, or open a document."
FILTERS = ["Texts (*.txt *.md *.csv *.json *.py *.html *.log)", "All files (*)"]


class ScorePage(QWidget):
    """`export_asked` carries the ScoredText that is shown."""

    export_asked = Signal(object)

    def __init__(self, theme: Theme, model: ScoreModel) -> None:
        super().__init__()
        self._model = model
        self._number: int | None = None
        self._text = ""
        self.edit = document("Text to score", PLACEHOLDER)
        self.legend = Legend(theme, model.heat.mode, TEXT_MODES, keys="")
        self.view = ScoredTextView(theme, model.heat.mode)
        self.summary = ScoreSummary(theme)
        self.details = TokenDetails(theme)
        self.change = button("Edit the text", self._show_edit)
        self.browse = button("Open a document…", self._browse)
        self.chat = button("This chat", model.score_chat)
        self.chat.setToolTip("Score the open chat as the model sees it, inside its chat template")
        self.export = button("Export…", self._export)
        self.task = TaskRow(
            model,
            "Score",
            "Scored so far",
            self._begin,
            *(self.change, self.browse, self.chat),
            last=self.export,
            keys="Ctrl+Return",
        )
        self._lay_out()
        self._connect(model)
        self.setFocusProxy(self.edit)
        self._show_edit()
        self.show_status(model.value)

    def show_status(self, status: ScoreStatus) -> None:
        """Show how far the scoring got, and what came of it."""
        self.task.show_status(status, _words(status))
        shown = status.result if not status.working else None
        self.export.setEnabled(shown is not None)
        self.change.setEnabled(not status.working)
        if not status.working:
            self.view.end()
        self.summary.show_text(status.result, status.summary)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        for part in (self.legend, self.view, self.summary, self.details):
            part.recolour(theme)

    def select(self, number: int) -> None:
        """Select a token by its number, or the nearest one there is."""
        result = self._model.value.result
        if result is not None and result.tokens:
            self._number = number = min(max(number, 0), len(result.tokens) - 1)
            self.view.select(number)
            self.details.show_token(result.tokens[number], number)

    def _begin(self) -> None:
        if self._pages.currentWidget() is self.view:
            self._show_edit()
        else:
            self._model.score(self.edit.toPlainText())

    def _show_begun(self, text: str) -> None:
        self._text = text
        self._number = None
        self.view.clear()
        self.details.show_token(None, 0)
        self._pages.setCurrentWidget(self.view)
        self.legend.show()
        self.change.show()

    def _grow(self, delta: Delta) -> None:
        self.view.extend(delta.text, delta.tokens)

    def _step(self, by: int) -> None:
        self.select(0 if self._number is None else self._number + by)

    def _go_to(self, passage: Passage) -> None:
        if self._model.value.result is not None:
            self.select(first_token(self._model.value.result.tokens, passage))

    def _show_edit(self) -> None:
        """Let the text be changed; a long one takes a moment, so this waits until it is wanted."""
        if self._text and self._text != self.edit.toPlainText():
            self.edit.setPlainText(self._text)
        self._pages.setCurrentWidget(self.edit)
        self.legend.hide()
        self.change.hide()
        self.edit.setFocus()

    def _browse(self) -> None:
        ask_for_file(self, "Open a document", FILTERS, self._model.score_file)

    def _export(self) -> None:
        if self._model.value.result is not None:
            self.export_asked.emit(self._model.value.result)

    def _show_view_menu(self) -> None:
        button = self.legend.view
        menu = ViewMenu(self, self._model.heat, (Face.TOKENS, Face.RAW))
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _connect(self, model: ScoreModel) -> None:
        model.changed.connect(self.show_status)
        model.began.connect(self._show_begun)
        model.grew.connect(self._grow)
        model.heat.changed.connect(self.legend.show_mode)
        model.heat.changed.connect(self.view.show_mode)
        model.heat.reading_changed.connect(self.view.show_reading)
        self.legend.chosen.connect(model.heat.choose)
        self.legend.view_asked.connect(self._show_view_menu)
        self.view.picked.connect(self.select)
        self.view.stepped.connect(self._step)
        self.summary.passage_chosen.connect(self._go_to)

    def _lay_out(self) -> None:
        self._pages = QStackedLayout()
        self._pages.addWidget(self.edit)
        self._pages.addWidget(self.view)
        top = (label(MEANING, kind="muted", wrap=True), self.task)
        body = QVBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.legend)
        body.addLayout(self._pages, 1)
        arrange(self, top, body, (self.details, line(), self.summary))


def _words(status: ScoreStatus) -> str:
    if status.working and status.windows:
        return f"{_progress(status)}. {status.windows}"
    if status.working:
        return _progress(status)
    return f"Scored by {status.result.model}. {status.windows}" if status.result else ""


def _progress(status: ScoreStatus) -> str:
    if status.total:
        return f"Scored {status.done:,} of {status.total:,} tokens"
    return "Waiting for the model"
