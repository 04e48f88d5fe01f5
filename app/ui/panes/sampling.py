"""How tokens are picked, as sliders with their numbers: of the next answer, and of the bars."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.chat.trace import Disclosure
from app.ui.panes.draft_choice import DraftChoice
from app.ui.panes.form import FormChoice
from app.ui.panes.number import NumberSlider, OptionalNumber
from app.ui.panes.order import OrderList
from app.ui.viewmodels.sampling import KNOBS, MAIN_KNOBS, MORE_KNOBS, SamplingModel, remark
from app.ui.viewmodels.typed import read_longest, read_seed
from app.ui.widgets import button, label

HINT = "Move a slider: the bars above follow, without running the model again."
MORE = "XTC, DRY and the order"
ORDER_HINT = "Stages come in this order. Drag one, or move it with Alt+Up and Alt+Down."
NEUTRAL = "Shows and uses the model's own distribution; only the answer's form cuts from it"


class SamplingPane(QWidget):
    """Shows a SamplingModel and sets its values."""

    def __init__(self, model: SamplingModel) -> None:
        super().__init__()
        self._model = model
        self.knobs = {knob.name: NumberSlider(knob) for knob in KNOBS}
        self.seed = OptionalNumber(
            "Seed",
            "The same seed and question give the same answer.",
            "random",
            read_seed,
        )
        self.longest = OptionalNumber(
            "Longest answer",
            "The most tokens an answer may have, reasoning included.",
            "no limit",
            read_longest,
        )
        self.drafts = DraftChoice()
        self.form = FormChoice()
        self.order = OrderList()
        self.more = Disclosure(MORE)
        self.more.setText(MORE)
        self._more_body = QWidget()
        self.more.toggled.connect(self._open)
        self.neutral = button("Neutral", self._switch, kind="segment", keys=NEUTRAL)
        self.neutral.setCheckable(True)
        self._reset = button("Model's defaults", model.reset, kind="quiet")
        self.remark = label(kind="muted", wrap=True)
        self._lay_out()
        for name, knob in self.knobs.items():
            knob.moved.connect(partial(model.set, name))
        self.seed.chosen.connect(model.set_seed)
        self.longest.chosen.connect(model.set_max_tokens)
        self.drafts.chosen.connect(model.set_drafting)
        self.form.chosen.connect(model.set_grammar)
        self.order.chosen.connect(model.set_order)
        model.changed.connect(self._refresh)
        self._refresh()
        self.more.setChecked(False)

    @property
    def temperature(self) -> NumberSlider:
        """The slider that is used most."""
        return self.knobs["temperature"]

    @property
    def top_p(self) -> NumberSlider:
        """The nucleus."""
        return self.knobs["top_p"]

    def _switch(self) -> None:
        self._model.set_neutral(self.neutral.isChecked())

    def _refresh(self) -> None:
        model = self._model
        for name, knob in self.knobs.items():
            knob.show_value(getattr(model.params, name))
            knob.setEnabled(not model.neutral)
        self.order.show_order(model.params.order)
        self.order.setEnabled(not model.neutral)
        self.seed.show_value(model.params.seed)
        self.longest.show_value(model.max_tokens)
        self.drafts.show_value(model.drafting)
        self.form.show_value(model.grammar)
        with QSignalBlocker(self.neutral):
            self.neutral.setChecked(model.neutral)
        self._reset.setEnabled(not model.is_default)
        self.remark.setText(remark(model.params))
        self.remark.setVisible(bool(self.remark.text()))

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.addWidget(label("Sampling", kind="strong"))
        heading.addStretch(1)
        heading.addWidget(self._reset)
        heading.addWidget(self.neutral)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 10, 18, 12)
        layout.setSpacing(3)
        layout.addLayout(heading)
        layout.addWidget(label(HINT, kind="muted", wrap=True))
        usual = [self.knobs[knob.name] for knob in MAIN_KNOBS]
        others = (self.seed, self.longest, self.drafts, self.form, self.more, self._more_body)
        for part in (*usual, self.remark, *others):
            layout.addWidget(part)
        inner = QVBoxLayout(self._more_body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(3)
        for knob in MORE_KNOBS:
            inner.addWidget(self.knobs[knob.name])
        inner.addWidget(label(ORDER_HINT, kind="muted", wrap=True))
        inner.addWidget(self.order)

    def _open(self, on: bool) -> None:
        self._more_body.setVisible(on)
        self.more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.more.setAccessibleDescription("Open" if on else "Closed")
