"""How many answers are written, how long a thought may get, how it ends, what becomes of it."""

from msgspec.structs import replace
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.models import ModelInfo
from app.domain.reasoning import PastThoughts
from app.services.thinking_report import thinking_report
from app.ui.choice import Choice
from app.ui.panes.number import OptionalNumber
from app.ui.panes.thinking import ThinkingDialog
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.typed import read_best_of, read_budget
from app.ui.widgets import button, label

PAST = {
    PastThoughts.TEMPLATE: "As the model has it",
    PastThoughts.DROP: "Left out",
    PastThoughts.KEEP: "Kept",
}
LONGEST_CLOSING = 500


class ReasoningPane(QWidget):
    """Shows what a SamplingModel says on reasoning, and sets it."""

    def __init__(self, model: SamplingModel) -> None:
        super().__init__()
        self._model = model
        self.report: ThinkingDialog | None = None
        self.budget = OptionalNumber(
            "Longest thought",
            "The most tokens of reasoning, whatever the effort; 0 answers at once.",
            "by the effort",
            read_budget,
        )
        self.closing = QLineEdit()
        self.closing.setMaxLength(LONGEST_CLOSING)
        self.closing.setAccessibleName("Closing sentence")
        self.closing.setToolTip("Ends a thought that has used up its tokens, or that you end")
        self.best_of = OptionalNumber(
            "Answers at once",
            "Has so many answers written and shows the one that most of them come to."
            " At temperature 0 they would all be the same, so one is written.",
            "one",
            read_best_of,
        )
        self.past = Choice("Earlier thoughts")
        self.past.setToolTip("Whether the model reads its earlier reasoning in this chat again")
        self._lay_out()
        self.budget.chosen.connect(lambda count: self._choose(budget=count))
        self.best_of.chosen.connect(lambda count: self._choose(best_of=count or 1))
        self.closing.editingFinished.connect(lambda: self._choose(closing=self.closing.text()))
        self.past.activated.connect(lambda: self._choose(past=self.past.value()))
        model.changed.connect(self._refresh)
        self._refresh()

    def show_report(self) -> None:
        """Show what was measured on the built-in model."""
        if self.report is None:
            self.report = ThinkingDialog(self.window(), thinking_report())
        self.report.present()

    def _choose(self, **changes: object) -> None:
        self._model.set_reasoning(replace(self._model.reasoning, **changes))

    def _refresh(self) -> None:
        chosen = self._model.reasoning
        self.budget.show_value(chosen.budget)
        self.best_of.show_value(None if chosen.best_of == 1 else chosen.best_of)
        for part in self._thinking:
            part.setVisible(self._model.has_reasoning)
        with QSignalBlocker(self.closing):
            self.closing.setText(chosen.closing)
        self.past.show_values(_possible(self._model.model), chosen.past)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 10, 18, 12)
        layout.setSpacing(6)
        heading = QHBoxLayout()
        heading.addWidget(label("Reasoning", kind="strong"))
        heading.addStretch(1)
        heading.addWidget(button("What thinking buys", self.show_report, kind="quiet"))
        layout.addLayout(heading)
        layout.addWidget(self.best_of)
        sentence, earlier = label("Closing sentence"), label("Earlier thoughts")
        self._thinking = (self.budget, sentence, self.closing, earlier, self.past)
        for part in self._thinking:
            layout.addWidget(part)


def _possible(model: ModelInfo | None) -> list[tuple[str, object]]:
    """Keeping needs a template that can be told to."""
    keeps = model is not None and model.history_switch is not None
    return [(text, past) for past, text in PAST.items() if keeps or past is not PastThoughts.KEEP]
