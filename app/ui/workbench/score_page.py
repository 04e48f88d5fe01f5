"""Scoring: a text goes in, and comes back with the probability of each of its tokens."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.domain.events import Delta
from app.domain.heat import HeatMode
from app.domain.passages import Passage
from app.ui.theme.palette import Theme
from app.ui.viewmodels.scored import first_token
from app.ui.viewmodels.scoring import ScoreModel, ScoreStatus
from app.ui.widgets import button, label, line, name_scroll_bars, set_kind
from app.ui.workbench.file_dialogs import ask_for_file
from app.ui.workbench.score_summary import ScoreSummary
from app.ui.workbench.scored_text import ScoredTextView
from app.ui.workbench.token_details import TokenDetails

MEANING = "How likely the loaded model finds each token of a text. Nothing is generated."
PLACEHOLDER = "Write or paste a text, or open a document."
SIDE_WIDTH = 330
FILTERS = ["Texts (*.txt *.md *.csv *.json *.py *.html *.log)", "All files (*)"]


class ScorePage(QWidget):
    """`export_asked` carries the ScoredText that is shown."""

    export_asked = Signal(object)

    def __init__(self, theme: Theme, model: ScoreModel) -> None:
        super().__init__()
        self._model = model
        self._number: int | None = None
        self._text = ""
        self.edit = QPlainTextEdit()
        self.view = ScoredTextView(theme)
        self.summary = ScoreSummary(theme)
        self.details = TokenDetails(theme)
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.start = button("Score", self._press, kind="primary", keys="Ctrl+Return")
        self.change = button("Edit the text", self._show_edit)
        self.browse = button("Open a document…", self._browse)
        self.chat = button("This chat", model.score_chat)
        self.chat.setToolTip("Score the open chat as the model sees it, inside its chat template")
        self.export = button("Export…", self._export)
        self._lay_out()
        self._connect(model)
        self.setFocusProxy(self.edit)
        self._show_edit()
        self.show_status(model.value)

    def show_status(self, status: ScoreStatus) -> None:
        """Show how far the scoring got, and what came of it."""
        self.start.setText("Stop" if status.working else "Score")
        self.bar.setVisible(status.working)
        self.bar.setMaximum(status.total)
        self.bar.setValue(status.done)
        self.words.setText(_words(status))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else "muted")
        shown = status.result if not status.working else None
        self.export.setEnabled(shown is not None)
        self.change.setEnabled(not status.working)
        if not status.working:
            self.view.end()
        self.summary.show_text(status.result, status.summary)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        for part in (self.view, self.summary, self.details):
            part.recolour(theme)

    def show_mode(self, mode: HeatMode) -> None:
        """Colour the words by `mode`."""
        self.view.show_mode(mode)

    def select(self, number: int) -> None:
        """Select a token by its number, or the nearest one there is."""
        result = self._model.value.result
        if result is not None and result.tokens:
            self._number = number = min(max(number, 0), len(result.tokens) - 1)
            self.view.select(number)
            self.details.show_token(result.tokens[number], number)

    def _press(self) -> None:
        if self._model.value.working:
            self._model.stop()
        elif self._pages.currentWidget() is self.view:
            self._show_edit()
        else:
            self._model.score(self.edit.toPlainText())

    def _begin(self, text: str) -> None:
        self._text = text
        self._number = None
        self.view.clear()
        self.details.show_token(None, 0)
        self._pages.setCurrentWidget(self.view)
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
        self.change.hide()
        self.edit.setFocus()

    def _browse(self) -> None:
        ask_for_file(self, "Open a document", FILTERS, self._model.score_file)

    def _export(self) -> None:
        if self._model.value.result is not None:
            self.export_asked.emit(self._model.value.result)

    def _connect(self, model: ScoreModel) -> None:
        model.changed.connect(self.show_status)
        model.began.connect(self._begin)
        model.grew.connect(self._grow)
        self.view.picked.connect(self.select)
        self.view.stepped.connect(self._step)
        self.summary.passage_chosen.connect(self._go_to)

    def _lay_out(self) -> None:
        self.edit.setAccessibleName("Text to score")
        name_scroll_bars(self.edit, "Text to score")
        self.edit.setPlaceholderText(PLACEHOLDER)
        self.edit.setTabChangesFocus(True)
        self.edit.setObjectName("document")
        self.bar.setAccessibleName("Scored so far")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._left(), 1)
        row.addWidget(line(vertical=True))
        row.addWidget(self._right())

    def _left(self) -> QVBoxLayout:
        ways = QHBoxLayout()
        for part in (self.start, self.change, self.browse, self.chat):
            ways.addWidget(part)
        ways.addStretch(1)
        ways.addWidget(self.export)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.edit)
        self._pages.addWidget(self.view)
        top = QVBoxLayout()
        top.setContentsMargins(18, 14, 18, 10)
        top.setSpacing(8)
        top.addWidget(label(MEANING, kind="muted", wrap=True))
        top.addLayout(ways)
        top.addWidget(self.words)
        top.addWidget(self.bar)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addLayout(top)
        left.addWidget(line())
        left.addLayout(self._pages, 1)
        return left

    def _right(self) -> QWidget:
        side = QWidget()
        side.setObjectName("pane")
        side.setFixedWidth(SIDE_WIDTH)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(self.details)
        layout.addWidget(line())
        layout.addWidget(self.summary, 1)
        layout.addStretch(0)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        return side


def _words(status: ScoreStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.working and status.windows:
        return f"{_progress(status)}. {status.windows}"
    if status.working:
        return _progress(status)
    return f"Scored by {status.result.model}. {status.windows}" if status.result else ""


def _progress(status: ScoreStatus) -> str:
    if status.total:
        return f"Scored {status.done:,} of {status.total:,} tokens"
    return "Waiting for the model"
