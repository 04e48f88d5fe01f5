"""Comparing: two models, files, devices or samplings on one text, and where they are apart."""

from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedLayout, QWidget

from app.domain.comparison import Piece, worst
from app.services.settings import ModelChoice
from app.ui.choice import Choice
from app.ui.segments import Segments
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
from app.ui.workbench.model_side import NAME_WIDTH, ModelSide, What
from app.ui.workbench.page import arrange, document, name_results
from app.ui.workbench.scored_text import ScoredTextView
from app.ui.workbench.task_row import TaskRow
from app.ui.workbench.token_details import Facts

HEAT = "Words are coloured by how far the second distribution is from the first; 1 nat is hottest."
MEANINGS_OF = {
    What.MODELS: f"Both models read the same text. {HEAT}",
    What.FILES: f"Two files of one model read the same text. {HEAT}",
    What.DEVICES: f"One model reads the same text on two devices. {HEAT}",
    What.SAMPLING: "One model reads a text, and its distributions are sampled in two ways. Words"
    " are coloured by the share of draws that must differ.",
}
ONLY_CPU = (
    "Only the CPU can run models on this computer, so there are no two devices to compare. Others"
    " need a pack of their own."
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
        self._what = What.MODELS
        self.what = Segments("Compare", tuple(What))
        self.meaning = label(kind="muted", wrap=True)
        self.model = Choice("Model of both sides")
        self.model_row = _named("Model", self.model)
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
        for part in (self.facts, self.list):
            part.hide()
        self._connect(model)
        self._show_edit()
        self.show_devices()
        self.show_what(What.MODELS)

    def present(self) -> None:
        """Offer what can be compared now."""
        choices = self._model.choices()
        self.model.show_values([*choices], self.model.value())
        for side in (self.first, self.second):
            side.show_models(choices)
        starts = self._model.samplings()
        self.first.sampling.show_starts(starts, 0)
        self.second.sampling.show_starts(starts, len(starts) - 1)
        self._share_model()
        self._model.survey.find_devices()

    def show_what(self, what: What) -> None:
        """Let the two sides differ in this."""
        self._what = what
        self.what.show_chosen(list(What).index(what))
        self.meaning.setText(MEANINGS_OF[what])
        self.model_row.setVisible(what is not What.MODELS)
        self.rounding.setVisible(what in (What.MODELS, What.FILES))
        for side in (self.first, self.second):
            side.show_what(what)
        self._share_model()
        self.show_status(self._model.value)

    def show_devices(self) -> None:
        """Offer the devices that were found."""
        for place, side in enumerate((self.first, self.second)):
            side.show_devices(self._model.devices, place)
        self.show_status(self._model.value)

    def show_status(self, status: CompareStatus) -> None:
        """Show how far the comparison got, and what came of it."""
        alone = self._what is What.DEVICES and len(self._model.devices) < 2
        self.rounding.setEnabled(not status.working)
        self.task.show_status(status, ONLY_CPU if alone else _words(status), kind="")
        self.task.start.setEnabled(status.working or not alone)
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
        sampling = None
        if self._what is What.SAMPLING:
            sampling = self.first.sampling.params(), self.second.sampling.params()
        if first is not None and second is not None:
            self._model.compare(first, second, self.edit.toPlainText(), sampling)

    def _share_model(self) -> None:
        """Both sides are of one model, unless it is models that are compared."""
        if self._what is not What.MODELS:
            for side in (self.first, self.second):
                side.model.choose(self.model.value())

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
        model.found.connect(self.show_devices)
        self.what.chosen.connect(lambda place: self.show_what(list(What)[place]))
        self.model.currentIndexChanged.connect(self._share_model)
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
        what = _named("Compare", self.what)
        top = (what, self.meaning, self.model_row, self.first, self.second, self.task)
        side = (self.facts, line(), self.piece, self.piece_facts, self.list)
        arrange(self, top, self._pages, side)


def _named(name: str, part: QWidget) -> QWidget:
    """A part with its name in the column of the sides' names."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    called = label(name, kind="muted")
    called.setFixedWidth(NAME_WIDTH)
    row.addWidget(called)
    row.addWidget(part, 0 if isinstance(part, Segments) else 1)
    if isinstance(part, Segments):
        row.addStretch(1)
    return made


def _words(status: CompareStatus) -> str:
    if status.result is not None:
        return verdict(status.result)
    return status.doing if status.working else ""
