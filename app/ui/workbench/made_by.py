"""What made an answer, in a small window, with a button that has it made again."""

from PySide6.QtWidgets import QWidget

from app.ui.dialogs import Dialog
from app.ui.viewmodels.confidence import CAVEAT, MEANINGS, measures
from app.ui.viewmodels.origin_words import outcome, record
from app.ui.viewmodels.repeating import RepeatModel, RepeatStatus
from app.ui.widgets import label
from app.ui.workbench.task_row import TaskRow
from app.ui.workbench.token_details import Facts

MEANING = (
    "What made this answer, and how sure the model was of it. Made again, it comes out the same"
    " where the graph computes in 32-bit floats; otherwise the first token that parts is shown."
)
NO_ANSWER = "There is no answer in this chat yet."


class MadeByDialog(Dialog):
    """Shows a RepeatStatus."""

    def __init__(self, parent: QWidget, model: RepeatModel) -> None:
        super().__init__(parent, "Made by")
        self.facts, self.measures = Facts(), Facts()
        self._caveat = label(CAVEAT, kind="muted", wrap=True)
        self.task = TaskRow(model, "Replay", "Replaying the answer", model.repeat)
        self.body.addWidget(label(MEANING, kind="muted", wrap=True))
        for part in (self.facts, self.measures, self._caveat, self.task):
            self.body.addWidget(part)
        self.complete(self.task.start)
        model.changed.connect(self.show_status)
        self.show_status(model.value)

    def show_status(self, status: RepeatStatus) -> None:
        """Show what made an answer, and how making it again went."""
        answer = status.answer
        known = answer is not None and answer.origin is not None
        self.facts.show_facts(record(answer.origin) if answer and answer.origin else [])
        sure = measures(answer.tokens) if answer else []
        self.measures.show_facts(sure, MEANINGS)
        self._caveat.setVisible(bool(sure))
        self.task.start.setEnabled(known)
        self.task.show_status(status, _words(status), kind="")
        self.fit()


def _words(status: RepeatStatus) -> str:
    if status.answer is None:
        return NO_ANSWER
    if status.answer.origin is None:
        return "It is not known what made this answer: an earlier Candor wrote it."
    return outcome(status.result) if status.result else ""
