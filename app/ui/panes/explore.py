"""A window with the likeliest ways on from a token, as a tree that grows where one opens it."""

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.domain.continuations import Node
from app.domain.tokens import Channel, TokenRecord
from app.ui.dialogs import Dialog
from app.ui.viewmodels.alternatives import percent
from app.ui.viewmodels.exploring import ExploreModel, Grown
from app.ui.viewmodels.selection import Selected
from app.ui.viewmodels.wording import logprob_probability, probability, signed, token_text
from app.ui.widgets import button, label, name_scroll_bars

NAME = "Ways on"
SIZE = 720, 340
HEADINGS = ("Text", "First token", "Whole path", "Joint logprob")
MEANINGS = (
    "The likeliest token at its place, and what is likeliest behind it",
    "The probability of the first token of the text",
    "The probability of all tokens from the selected place to the end of this text together",
    "The same as the log of the probability, in nats",
)
HINT = "Open a line, or press Right on it, to see how it goes on."
HINT_READ = "The model read this place, so no answer can go on from here."
SEARCHING = "Trying the likeliest tokens"
WAYS, EACH = "Ways", "Tokens each"
MOST_WAYS, MOST_TOKENS = 10, 64
LONGEST_PATH = 400
END = " ⟨end⟩"
ID = Qt.ItemDataRole.UserRole


class ExploreDialog(Dialog):
    """Shows what an ExploreModel finds; `chosen` carries the id of a node to continue with."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, model: ExploreModel) -> None:
        super().__init__(parent, NAME)
        self.setFixedWidth(SIZE[0])
        self._model = model
        self._items: dict[int | None, QTreeWidgetItem] = {}
        self._can_take = True
        self.told = label(HINT, kind="muted", wrap=True)
        self.busy = QProgressBar()
        self.tree = QTreeWidget()
        self.way = label(kind="muted", wrap=True)
        self.ways = _number(WAYS, model.width, MOST_WAYS, "How many tokens are tried at a place")
        self.each = _number(EACH, model.depth, MOST_TOKENS, "How far each way is followed")
        self.stop = button("Stop", model.stop)
        self.take = button("Continue with this", self._take, kind="primary")
        self._set_up()
        self._lay_out()
        self._connect(model)

    def _connect(self, model: ExploreModel) -> None:
        model.began.connect(self._begin)
        model.grew.connect(self._grow)
        model.busy.connect(self._show_busy)
        for field in (self.ways, self.each):
            field.valueChanged.connect(lambda: model.choose(self.ways.value(), self.each.value()))
        self.tree.itemExpanded.connect(self._open)
        self.tree.currentItemChanged.connect(self._show_way)
        self.tree.itemActivated.connect(self._take)
        self.finished.connect(model.stop)

    def _begin(self, selected: Selected) -> None:
        self.tree.clear()
        self._items = {None: self.tree.invisibleRootItem()}
        self._can_take = selected.token.channel is not Channel.PROMPT
        self.told.setText(SEARCHING)
        self._show_way(None)

    def _grow(self, grown: Grown) -> None:
        """Put new lines where they belong, or say why there are none."""
        parent = self._items.get(grown.parent)
        if parent is None:
            return
        for node in grown.nodes:
            self._items[node.id] = item = _item(node)
            parent.addChild(item)
        hint = HINT if self._can_take else f"{HINT} {HINT_READ}"
        self.told.setText(grown.problem or hint)
        if grown.problem:
            parent.setExpanded(False)
        elif grown.parent is None:
            self.tree.setCurrentItem(self._items[grown.nodes[0].id])

    def _open(self, item: QTreeWidgetItem) -> None:
        if not item.childCount():
            self._model.expand(item.data(0, ID))

    def _show_busy(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        self.stop.setVisible(busy)

    def _show_way(self, item: QTreeWidgetItem | None) -> None:
        """Show the whole text from the selected place to the end of a line."""
        self.take.setEnabled(item is not None and self._can_take)
        tokens = self._model.path(item.data(0, ID)) if item is not None else ()
        text = _text(tokens)
        self.way.setText(text if len(text) <= LONGEST_PATH else f"…{text[-LONGEST_PATH:]}")
        self.way.setVisible(bool(text))

    def _take(self) -> None:
        item = self.tree.currentItem()
        if item is not None and self._can_take:
            self.chosen.emit(item.data(0, ID))
            self.close()

    def _set_up(self) -> None:
        self.busy.setRange(0, 0)
        self.busy.setFixedHeight(6)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(SEARCHING)
        self.way.setAccessibleName("The whole way")
        tree = self.tree
        tree.setObjectName("explore")
        tree.setAccessibleName(NAME)
        tree.setExpandsOnDoubleClick(False)
        name_scroll_bars(tree, NAME)
        tree.setHeaderLabels(HEADINGS)
        for column, meaning in enumerate(MEANINGS):
            tree.headerItem().setToolTip(column, meaning)
        header = tree.header()
        header.setAccessibleName("What is told of each way")
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(HEADINGS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        tree.setMinimumHeight(SIZE[1])

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        for name, field in ((WAYS, self.ways), (EACH, self.each)):
            choices.addWidget(label(name, kind="muted"))
            choices.addWidget(field)
        choices.addStretch(1)
        choices.addWidget(self.stop)
        self.body.addWidget(self.told)
        self.body.addLayout(choices)
        for part in (self.busy, self.tree, self.way):
            self.body.addWidget(part)
        self.foot.addWidget(self.take)
        self.complete(self.tree)


def _text(tokens: Sequence[TokenRecord]) -> str:
    """What they say, on one line; tokens without a text by their names."""
    if not any(token.text.strip() for token in tokens):
        return "".join(token_text(token) if token.data else END for token in tokens).strip()
    said = (token.text.replace("\n", " ⏎ ") if token.data else END for token in tokens)
    return "".join(said).strip()


def _number(name: str, value: int, most: int, meaning: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(1, most)
    made.setValue(value)
    made.setAccessibleName(name)
    made.setAccessibleDescription(meaning)
    made.setToolTip(f"{meaning}, from the next line that is opened on")
    return made


def _item(node: Node) -> QTreeWidgetItem:
    way, together = node.way, math.exp(node.logprob)
    first = way.tokens[0].logprob
    columns = [
        _text(way.tokens),
        logprob_probability(first),
        probability(together),
        signed(node.logprob),
    ]
    item = QTreeWidgetItem(columns)
    item.setData(0, ID, node.id)
    said = f"{columns[0]}, {percent(together)} together"
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, said)
    if not way.ended:
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item
