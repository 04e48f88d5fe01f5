"""One rule of Auto: what it states of a question, and the step that then begins."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.ui.choice import Choice
from app.ui.viewmodels.rules import LONGEST_PATTERN, NAMES, RuleText
from app.ui.widgets import button, label

SCRIPTS: list[tuple[str, object]] = [
    ("Any letters", None),
    *(
        (name, name.lower())
        for name in ("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai")
    ),
    ("Chinese (CJK)", "cjk"),
    ("Japanese (hiragana)", "hiragana"),
    ("Korean (hangul)", "hangul"),
]
TOOLS: list[tuple[str, object]] = [
    ("With or without tools", None),
    ("With tools", True),
    ("Without tools", False),
]


class RuleRow(QWidget):
    """`edited` tells that it states something else, `removed` asks for its end."""

    edited = Signal()
    removed = Signal()

    def __init__(self, place: int, text: RuleText) -> None:
        super().__init__()
        self._to = text.to
        self.longer, self.matches = QLineEdit(text.longer_than), QLineEdit(text.matches)
        self.longer.setPlaceholderText("any number of")
        self.longer.setFixedWidth(110)
        self.matches.setPlaceholderText("a regular expression, such as [0-9]")
        self.matches.setMaxLength(LONGEST_PATTERN)
        self.script, self.tools, self.to = Choice("Letters"), Choice("Tools"), Choice("Begin with")
        known = {value for _, value in SCRIPTS}
        more = [] if text.script in known else [(str(text.script).capitalize(), text.script)]
        self.script.show_values([*SCRIPTS, *more], text.script)
        self.tools.show_values(TOOLS, text.tools)
        self.show_steps([(called, name) for name, called in NAMES.items()])
        self.remove = button("Remove", self.removed.emit, kind="quiet")
        self._lay_out()
        self.name(place)
        for field in (self.longer, self.matches):
            field.editingFinished.connect(self.edited)
        for choice in (self.script, self.tools):
            choice.activated.connect(lambda _: self.edited.emit())
        self.to.activated.connect(self._take_step)

    def value(self) -> RuleText:
        """What stands in the fields."""
        return RuleText(
            to=self._to,
            longer_than=self.longer.text(),
            matches=self.matches.text(),
            script=self.script.value(),
            tools=self.tools.value(),
        )

    def show_steps(self, steps: list[tuple[str, object]]) -> None:
        """Offer these steps to begin with."""
        if self._to not in {name for _, name in steps}:
            steps = [*steps, (NAMES.get(self._to, self._to), self._to)]
        with QSignalBlocker(self.to):
            self.to.show_values(steps, self._to)

    def name(self, place: int) -> None:
        """Say to a screen reader which rule this is."""
        for part, what in (
            (self.longer, "longer than so many characters"),
            (self.matches, "matches this regular expression"),
            (self.script, "letters of the question"),
            (self.tools, "tools"),
            (self.to, "step to begin with"),
            (self.remove, "remove"),
        ):
            part.setAccessibleName(f"Rule {place}: {what}")

    def _take_step(self) -> None:
        self._to = self.to.value()
        self.edited.emit()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(6)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(label("Longer than"))
        above.addWidget(self.longer)
        above.addWidget(label("characters, matches"))
        above.addWidget(self.matches, 1)
        below.addWidget(self.script)
        below.addWidget(self.tools)
        below.addStretch(1)
        below.addWidget(label("begins with"))
        below.addWidget(self.to)
        below.addWidget(self.remove)
        for row in (above, below):
            row.setSpacing(8)
            layout.addLayout(row)
