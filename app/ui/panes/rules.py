"""The rules of Auto: with which step a question begins, when the next one is asked, with what."""

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain.reasoning import Effort
from app.domain.routing import LARGE, QUICK, THOUGHTFUL
from app.errors import InvalidRequest
from app.ui.choice import Choice
from app.ui.dialogs import Dialog
from app.ui.file_dialogs import ask_for_folder
from app.ui.panes.rule_row import RuleRow
from app.ui.viewmodels.rules import NAMES, RulesModel, RuleText, read_all, threshold, written
from app.ui.widgets import button, label

WIDTH = 760
MOST_RULES = 8
ABOUT = (
    "Auto asks the first step. Where the least likely token of its answer had a probability under"
    " the threshold, it asks the next one. Each answer says why it stands, and any step can be"
    " asked instead."
)
RULES = "The first rule that holds says with which step to begin. All that it states must hold."
OPEN, NONE, FOLDER = "The one that is open", "None", "Folder…"
IN_FORCE = "What was set before stays in force."
EFFORTS: list[tuple[str, object]] = [(each.value.capitalize(), each) for each in Effort]


class RulesDialog(Dialog):
    """Shows a RulesModel and sets it; what makes no sense is said, and not put in force."""

    def __init__(self, parent: QWidget, model: RulesModel) -> None:
        super().__init__(parent, "Auto")
        self._model = model
        self.setFixedWidth(WIDTH)
        self.small, self.large = Choice("Small model"), Choice("Larger model")
        self.efforts = {name: Choice(f"Effort of {NAMES[name].lower()}") for name in NAMES}
        self.threshold = QLineEdit()
        self.threshold.setFixedWidth(70)
        self.threshold.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip("0 keeps every first answer, 1 asks on unless it was certain")
        self.complaint = label(kind="complaint", wrap=True)
        self.complaint.hide()
        self.rows: list[RuleRow] = []
        self._list = QVBoxLayout()
        self.add = button("Add a rule", self._add)
        self._lay_out()
        self._connect()
        self._show()

    def choose_folder(self, path: str) -> None:
        """Let the model in this folder be the last step."""
        self._choose(large=path)

    def _choose(self, **changes: object) -> None:
        """Put a change in force, or say why not and show what stays."""
        try:
            self._model.choose(replace(self._model.value, **changes))
        except InvalidRequest as error:
            self._complain(error)
            self._show_steps()
            return
        self.complaint.hide()
        self.fit()

    def _take_rules(self) -> None:
        try:
            rules = read_all([row.value() for row in self.rows])
        except InvalidRequest as error:
            self._complain(error)
            return
        self._choose(rules=rules)

    def _take_threshold(self) -> None:
        try:
            value = threshold(self.threshold.text())
        except InvalidRequest as error:
            self._complain(error)
            self._show_steps()
            return
        self._choose(threshold=value)

    def _take_large(self) -> None:
        path = self.large.value()
        if path == FOLDER:
            self._show_steps()
            self._browse()
        else:
            self._choose(large=path)

    def _complain(self, error: InvalidRequest) -> None:
        self.complaint.setText(f"{error} {IN_FORCE}")
        self.complaint.show()
        self.fit()

    def _show(self) -> None:
        for row in self.rows:
            row.deleteLater()
        self.rows = []
        for rule in self._model.value.rules:
            self._add_row(written(rule))
        self._show_steps()

    def _show_steps(self) -> None:
        chosen = self._model.value
        models = list(self._model.models)
        models += [
            (Path(path).name, path)
            for path in (chosen.small, chosen.large)
            if path and path not in {known for _, known in models}
        ]
        self.small.show_values([(OPEN, None), *models], chosen.small)
        self.large.show_values([(NONE, None), *models, (FOLDER, FOLDER)], chosen.large)
        for name, effort in (
            (QUICK, chosen.quick), (THOUGHTFUL, chosen.thoughtful), (LARGE, chosen.large_effort),
        ):  # fmt: skip
            self.efforts[name].show_values(EFFORTS, effort)
        self.efforts[LARGE].setEnabled(chosen.large is not None)
        self.threshold.setText(f"{chosen.threshold:.2f}")
        for row in self.rows:
            row.show_steps([(NAMES[step.name], step.name) for step in chosen.ladder])
        self.add.setEnabled(len(self.rows) < MOST_RULES)
        self.fit()

    def _add(self) -> None:
        row = self._add_row(RuleText(to=THOUGHTFUL))
        self._show_steps()
        row.longer.setFocus()

    def _add_row(self, text: RuleText) -> RuleRow:
        row = RuleRow(len(self.rows) + 1, text)
        row.edited.connect(self._take_rules)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._list.addWidget(row)
        return row

    def _remove(self, row: RuleRow) -> None:
        self.rows.remove(row)
        self._list.removeWidget(row)
        row.deleteLater()
        for place, each in enumerate(self.rows, 1):
            each.name(place)
        self.add.setFocus()
        self._take_rules()
        self._show_steps()

    def _browse(self) -> None:
        ask_for_folder(self, "A larger model's folder", self.choose_folder)

    def _connect(self) -> None:
        self.small.activated.connect(lambda: self._choose(small=self.small.value()))
        self.large.activated.connect(self._take_large)
        for name, field in ((QUICK, "quick"), (THOUGHTFUL, "thoughtful"), (LARGE, "large_effort")):
            choice = self.efforts[name]
            choice.activated.connect(
                lambda _, choice=choice, field=field: self._choose(
                    **{field: Effort(choice.value())}
                )
            )
        self.threshold.editingFinished.connect(self._take_threshold)
        self._model.changed.connect(self._show_steps)

    def _lay_out(self) -> None:
        self.body.addWidget(label(ABOUT, kind="muted", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        models = {QUICK: self.small, THOUGHTFUL: label("The same model", kind="muted")}
        for row, (name, called) in enumerate(NAMES.items()):
            grid.addWidget(label(called), row, 0)
            grid.addWidget(models.get(name, self.large), row, 1)
            grid.addWidget(label("Effort", kind="muted"), row, 2)
            grid.addWidget(self.efforts[name], row, 3)
        grid.addWidget(label("Threshold"), len(NAMES), 0)
        grid.addWidget(self.threshold, len(NAMES), 1, Qt.AlignmentFlag.AlignLeft)
        self.body.addLayout(grid)
        heading = QHBoxLayout()
        heading.addWidget(label("Rules", kind="strong"))
        heading.addStretch(1)
        heading.addWidget(self.add)
        self.body.addLayout(heading)
        self.body.addWidget(label(RULES, kind="muted", wrap=True))
        self.body.addLayout(self._list)
        self.body.addWidget(self.complaint)
        self.complete(self.small)
