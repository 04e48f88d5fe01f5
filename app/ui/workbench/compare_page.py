"""Comparing: two models read one text, and show where they are apart."""

from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedLayout, QWidget

from app.domain.comparison import Piece, worst
from app.services.settings import ModelChoice
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.viewmodels.compared import (
    MEANINGS,
    coloured,
    overview,
    piece_facts,
    piece_words,
    verdict,
)
from app.ui.viewmodels.comparing import CompareModel, CompareStatus, Reports
from app.ui.widgets import button, fixed_font, label, line
from app.ui.workbench.model_side import ModelSide
from app.ui.workbench.page import arrange, document, name_results
from app.ui.workbench.scored_text import ScoredTextView
from app.ui.workbench.task_row import TaskRow
from app.ui.workbench.token_details import Facts

MEANING = (
    "Both models read the same text. Words are coloured by how far the second model's distribution"
    " is from the first's; 1 nat or more is hottest."
)
ROUNDING = "Did rounding change my model?"
ROUNDING_HELP = (
    "Compares the open model, as it runs, with the least rounded variant in its folder, run"
    " exactly. Without a text of yours, a built-in one is read."
)
PLACEHOLDER = "Write or paste a text that both models shall read."
MOST_LISTED = 100


class ComparePage(QWidget):
    """Shows a CompareStatus."""

    def __init__(self, theme: Theme, model: CompareModel) -> None:
        super().__init__()
        self._model = model
        self._pieces: tuple[Piece, ...] = ()
        self._listed: list[Piece] = []
        self._number: int | None = None
        self.first, self.second = ModelSide("First"), ModelSide("Second")
        self.edit = document("Text to compare on", PLACEHOLDER)
        self.view = ScoredTextView(theme)
        self.rounding = button(ROUNDING, self._press_rounding)
        self.change = button("Edit the text", self._show_edit)
        self.task = TaskRow(
            model, "Compare", "Compared so far", self._begin, self.rounding, self.change
        )
        self.piece = label(kind="token", wrap=True)
        self.piece_facts, self.facts = Facts(), Facts()
        self.list = QListWidget()
        self._lay_out()
        self._connect(model)
        self._show_edit()
        self.show_status(model.value)

    def present(self) -> None:
        """Offer the models that there are now."""
        for side in (self.first, self.second):
            side.show_models(self._model.choices())

    def show_status(self, status: CompareStatus) -> None:
        """Show how far the comparison got, and what came of it."""
        self.rounding.setEnabled(not status.working)
        self.task.show_status(status, _words(status), kind="")
        if status.pieces is not self._pieces:
            self._show_pieces(status)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.view.recolour(theme)

    def select(self, number: int) -> None:
        """Select a piece by its number, or the nearest one there is."""
        if self._pieces:
            self._number = number = min(max(number, 0), len(self._pieces) - 1)
            piece = self._pieces[number]
            self.view.select(number)
            self.piece.setText(wording.visible(piece.text, (*piece.first, 0)[0]))
            self.piece_facts.show_facts(piece_facts(piece), MEANINGS)

    def _show_pieces(self, status: CompareStatus) -> None:
        self._pieces, self._number = status.pieces, None
        self.view.clear()
        self.list.clear()
        for part in (self.facts, self.list):
            part.setVisible(status.result is not None)
        self.piece.setText("")
        self.piece_facts.show_facts([])
        if status.result is None:
            return
        found = status.result.summary
        text = b"".join(piece.data for piece in status.pieces).decode("utf-8", errors="replace")
        self.view.extend(text, [coloured(each, found.alignment) for each in status.pieces])
        self.view.end()
        self._pages.setCurrentWidget(self.view)
        self.change.show()
        self.facts.show_facts(overview(found), MEANINGS)
        self._listed = worst(status.pieces, MOST_LISTED)
        for piece in self._listed:
            self.list.addItem(piece_words(piece))

    def _begin(self) -> None:
        first, second = self.first.choice(), self.second.choice()
        if first is not None and second is not None:
            self._model.compare(first, second, self.edit.toPlainText())

    def _press_rounding(self) -> None:
        self._model.compare_rounding(self.edit.toPlainText())

    def _show_pair(self, first: ModelChoice, second: ModelChoice) -> None:
        self.first.show_choice(first)
        self.second.show_choice(second)

    def _show_reports(self, reports: Reports) -> None:
        self.first.show_variants(reports)
        self.second.show_variants(reports)

    def _go(self, item: QListWidgetItem) -> None:
        self.select(self._pieces.index(self._listed[self.list.row(item)]))

    def _step(self, by: int) -> None:
        self.select(0 if self._number is None else self._number + by)

    def _show_edit(self) -> None:
        self._pages.setCurrentWidget(self.edit)
        self.change.hide()
        self.edit.setFocus()

    def _connect(self, model: CompareModel) -> None:
        model.changed.connect(self.show_status)
        model.looked.connect(self._show_reports)
        model.paired.connect(self._show_pair)
        for side in (self.first, self.second):
            side.looked_at.connect(model.look)
        self.view.picked.connect(self.select)
        self.view.stepped.connect(self._step)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)

    def _lay_out(self) -> None:
        self.setFocusProxy(self.edit)
        self.rounding.setToolTip(ROUNDING_HELP)
        self.rounding.setAccessibleDescription(ROUNDING_HELP)
        self.piece.setFont(fixed_font(self.piece, 1.4))
        name_results(self.list, "Pieces, the furthest apart first")
        self._pages = QStackedLayout()
        self._pages.addWidget(self.edit)
        self._pages.addWidget(self.view)
        top = (label(MEANING, kind="muted", wrap=True), self.first, self.second, self.task)
        side = (self.facts, line(), self.piece, self.piece_facts, self.list)
        arrange(self, top, self._pages, side)


def _words(status: CompareStatus) -> str:
    if status.result is not None:
        return verdict(status.result)
    return status.doing if status.working else ""
