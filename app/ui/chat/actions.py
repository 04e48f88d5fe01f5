"""What can be done with a message: step through its versions, copy, edit, have it written again."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.ui.widgets import button, label

SAID_MS = 1600
PROMPT_KEYS = "Ctrl+Shift+P"
PROMPT = "Show all that the model read for this answer, token by token"
VOTES = "All the answers that were written at once, and what each comes to"


class VersionStepper(QWidget):
    """‹ 2 of 3, from “word” ›; not there while there is one version. `stepped` carries -1 or 1."""

    stepped = Signal(object)

    def __init__(self, of_what: str) -> None:
        super().__init__()
        self._before = self._arrow("‹", f"Version of the {of_what} before this one", -1)
        self._words = label(kind="muted")
        self._after = self._arrow("›", f"Version of the {of_what} after this one", 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self._before, self._words, self._after):
            row.addWidget(part)
        self.show_versions(0, 1)

    def show_versions(self, index: int, count: int, took: str = "") -> None:
        """Show that this is version `index`, from 0, of `count`, and which token it took."""
        self._words.setText(f"{index + 1} of {count}" + (f", from “{took}”" if took else ""))
        self._words.setToolTip(f"Goes on from “{took}”, which you chose" if took else "")
        self._before.setEnabled(index > 0)
        self._after.setEnabled(index < count - 1)
        self.setVisible(count > 1)

    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops."""
        return self._before, self._after

    def focus(self, by: int) -> None:
        """Let the keyboard go on in this direction, or back where it ends."""
        arrows = (self._before, self._after) if by < 0 else (self._after, self._before)
        next(arrow for arrow in arrows if arrow.isEnabled()).setFocus()

    def _arrow(self, sign: str, name: str, by: int) -> QPushButton:
        made = button(sign, lambda: self.stepped.emit(by), kind="quiet")
        made.setAccessibleName(name)
        made.setToolTip(name)
        return made


class CopyButton(QPushButton):
    """Says for a moment that the text was copied; `copied` asks for it."""

    copied = Signal()

    def __init__(self, of_what: str) -> None:
        super().__init__("Copy")
        self.setProperty("kind", "quiet")
        self.setAccessibleName(f"Copy the {of_what}")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self.setText("Copy"))
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        self.copied.emit()
        self.setText("Copied")
        self._timer.start(SAID_MS)


class AnswerActions(QWidget):
    """Under an answer; `version_stepped` carries -1 or 1."""

    copied = Signal()
    regenerated = Signal()
    votes_asked = Signal()
    version_stepped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.versions = VersionStepper("answer")
        self._votes = button("Votes", self.votes_asked.emit, kind="quiet")
        self._votes.setToolTip(VOTES)
        self._votes.setAccessibleDescription(VOTES)
        self._votes.hide()
        self._copy = CopyButton("answer")
        self._again = button("Regenerate", self.regenerated.emit, kind="quiet")
        self.versions.stepped.connect(self.version_stepped)
        self._copy.copied.connect(self.copied)
        _lay_out(self, self.versions, self._votes, self._copy, self._again)

    def show_versions(self, index: int, count: int, took: str = "") -> None:
        """Show that this is version `index`, from 0, of `count`, and which token it took."""
        self.versions.show_versions(index, count, took)

    def show_end(self, *, failed: bool, has_text: bool, elected: bool) -> None:
        """Name what can be done with an answer that ended so."""
        self._votes.setVisible(elected)
        self._again.setText("Try again" if failed else "Regenerate")
        self._copy.setVisible(has_text)

    def set_enabled(self, enabled: bool) -> None:
        """Whether another answer could be written now."""
        self._again.setEnabled(enabled)

    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops."""
        return *self.versions.stops(), self._votes, self._copy, self._again


class QuestionActions(QWidget):
    """Under a question; `version_stepped` carries -1 or 1, `prompt_asked` wants its tokens."""

    copied = Signal()
    edited = Signal()
    prompt_asked = Signal()
    version_stepped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.versions = VersionStepper("question")
        self._copy = CopyButton("question")
        self._edit = button("Edit", self.edited.emit, kind="quiet")
        self._edit.setAccessibleName("Edit the question")
        self._tokens = button("Tokens", self.prompt_asked.emit, kind="quiet")
        self._tokens.setAccessibleName(PROMPT)
        self._tokens.setToolTip(f"{PROMPT}\n{PROMPT_KEYS}")
        self.versions.stepped.connect(self.version_stepped)
        self._copy.copied.connect(self.copied)
        _lay_out(self, self.versions, self._copy, self._edit, self._tokens)

    def show_versions(self, index: int, count: int, took: str = "") -> None:
        """Show that this is version `index`, from 0, of `count`."""
        self.versions.show_versions(index, count, took)

    def set_enabled(self, enabled: bool) -> None:
        """Whether a changed question could be answered now."""
        self._edit.setEnabled(enabled)

    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops."""
        return *self.versions.stops(), self._copy, self._edit, self._tokens


def _lay_out(actions: QWidget, *parts: QWidget) -> None:
    row = QHBoxLayout(actions)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    row.addStretch(1)
    for part in parts:
        row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
