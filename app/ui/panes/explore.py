"""A window with the likeliest ways on from a token, as a tree of probabilities."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QProgressBar, QTreeWidget, QTreeWidgetItem, QWidget

from app.domain.continuations import Continuation
from app.domain.tokens import TokenRecord
from app.ui.dialogs import Dialog
from app.ui.viewmodels.branches import Explored
from app.ui.viewmodels.wording import logprob_probability, probability, token_text
from app.ui.widgets import button, label, name_scroll_bars

NAME = "Ways on"
SIZE = 640, 320
HEADINGS = ("Text", "Probability", "Together")
HINT = "The likeliest tokens at this place, each with what is likeliest behind it."
SEARCHING = "Trying the likeliest tokens"
ID = Qt.ItemDataRole.UserRole


class ExploreDialog(Dialog):
    """`chosen` carries the id of a token to continue with, `stopped` ends the search."""

    chosen = Signal(object)
    stopped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, NAME)
        self.setFixedWidth(SIZE[0])
        self.told = label(HINT, kind="muted", wrap=True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setFixedHeight(6)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(SEARCHING)
        self.tree = QTreeWidget()
        self.take = button("Continue with this", self._take, kind="primary")
        self._set_up()
        for part in (self.told, self.busy, self.tree):
            self.body.addWidget(part)
        self.foot.addWidget(self.take)
        self.complete(self.tree)
        self.finished.connect(self.stopped)

    def show_explored(self, shown: Explored) -> None:
        """Show the ways that were found, or why there are none."""
        self.busy.setVisible(shown.running)
        self.told.setText(SEARCHING if shown.running else shown.note or HINT)
        self.tree.clear()
        items = [_item(way) for way in shown.ways]
        self.tree.addTopLevelItems(items)
        if items:
            self.tree.setCurrentItem(items[0])
        self.take.setEnabled(bool(shown.ways))

    def _take(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            top = item.parent() or item
            self.chosen.emit(top.data(0, ID))
            self.close()

    def _set_up(self) -> None:
        tree = self.tree
        tree.setObjectName("explore")
        tree.setAccessibleName(NAME)
        name_scroll_bars(tree, NAME)
        tree.setHeaderLabels(HEADINGS)
        header = tree.header()
        header.setAccessibleName("What is told of each way")
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        tree.setMinimumHeight(SIZE[1])
        tree.itemActivated.connect(self._take)


def _item(way: Continuation) -> QTreeWidgetItem:
    """A way: its first token's probability and that of all, with a row for each token below."""
    text = " ".join(way.text.split())
    together = probability(math.exp(way.logprob))
    item = QTreeWidgetItem([text, logprob_probability(way.tokens[0].logprob), together])
    item.setData(0, ID, way.tokens[0].id)
    joint = 0.0
    for token in way.tokens:
        joint += token.logprob or 0.0
        item.addChild(_token_item(token, joint))
    return item


def _token_item(token: TokenRecord, joint: float) -> QTreeWidgetItem:
    own = logprob_probability(token.logprob)
    return QTreeWidgetItem([token_text(token), own, probability(math.exp(joint))])
