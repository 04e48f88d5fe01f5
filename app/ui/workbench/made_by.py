"""What made an answer, in a small window, with a button that has it made again."""

from PySide6.QtWidgets import QProgressBar, QWidget

from app.ui.dialogs import Dialog
from app.ui.viewmodels.confidence import CAVEAT, MEANINGS, measures
from app.ui.viewmodels.origin_words import outcome, record
from app.ui.viewmodels.repeating import RepeatModel, RepeatStatus
from app.ui.widgets import button, label, set_kind
from app.ui.workbench.token_details import Facts

MEANING = (
    "What made this answer, and how sure the model was of it. Made again, it comes out the same"
    " where the graph computes in 32-bit floats; otherwise the first token that parts is shown."
)
NO_ANSWER = "There is no answer in this chat yet."
REPLAY, STOP = "Replay", "Stop"


class MadeByDialog(Dialog):
    """Shows a RepeatStatus."""

    def __init__(self, parent: QWidget, model: RepeatModel) -> None:
        super().__init__(parent, "Made by")
        self._model = model
        self.facts, self.measures = Facts(), Facts()
        self._caveat = label(CAVEAT, kind="muted", wrap=True)
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.start = button(REPLAY, self._press, kind="primary")
        self.bar.setAccessibleName("Replaying the answer")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setRange(0, 0)
        self.body.addWidget(label(MEANING, kind="muted", wrap=True))
        for part in (self.facts, self.measures, self._caveat, self.bar, self.words):
            self.body.addWidget(part)
        self.foot.insertWidget(0, self.start)
        self.complete(self.start)
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
        self.start.setText(STOP if status.working else REPLAY)
        self.start.setEnabled(known)
        self.bar.setVisible(status.working)
        self.words.setText(_words(status))
        self.words.setVisible(bool(self.words.text()))
        set_kind(self.words, "complaint" if status.error else "")
        self.fit()

    def _press(self) -> None:
        if self._model.value.working:
            self._model.stop()
        else:
            self._model.repeat()


def _words(status: RepeatStatus) -> str:
    if status.error is not None:
        return str(status.error)
    if status.answer is None:
        return NO_ANSWER
    if status.answer.origin is None:
        return "It is not known what made this answer: an earlier Candor wrote it."
    return outcome(status.result) if status.result else ""
