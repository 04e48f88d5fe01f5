"""A window with every token of an answer in a table, which keys and screen readers walk."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSignalBlocker, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.domain.heat import HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.dialogs import Dialog
from app.ui.viewmodels.heat import heat_share, is_over, thresholds
from app.ui.viewmodels.selection import Selected
from app.ui.viewmodels.token_table import TokenTable
from app.ui.viewmodels.wording import tokens as count_of
from app.ui.widgets import label, name_scroll_bars

NAME = "Tokens"
SIZE = 760, 440
NONE = "Select a word of an answer to see all its tokens here."


class TokenTableDialog(Dialog):
    """`picked` carries the index in the answer of the token that the table is at."""

    picked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, NAME)
        self.model = TokenTable()
        self.table = QTableView()
        self.told = label(kind="muted", wrap=True)
        self._known: object = None
        self._set_up()
        self.setFixedWidth(SIZE[0])
        self.body.addWidget(self.told)
        self.body.addWidget(self.table)
        self.complete(self.table)
        self.table.selectionModel().currentRowChanged.connect(self._tell)

    def show_answer(
        self,
        selected: Selected | None,
        tokens: Sequence[TokenRecord],
        mode: HeatMode,
        reading: Reading,
    ) -> None:
        """Show the tokens of an answer that are over the threshold, and where the selection is."""
        known = (selected.turn_id if selected else None, len(tokens), mode, reading.over)
        if known != self._known:
            self._known = known
            shown = _over(tokens, mode, reading.over)
            with QSignalBlocker(self.table.selectionModel()):
                self.model.show_tokens(tokens, shown)
            self.told.setText(_told(len(shown), len(tokens), mode, reading.over))
        row = self.model.row_of(selected.index) if selected else None
        if row is not None and row != self.table.currentIndex().row():
            with QSignalBlocker(self):
                self.table.setCurrentIndex(self.model.index(row, 0))

    def _tell(self, now: QModelIndex) -> None:
        if now.isValid():
            self.picked.emit(self.model.index_at(now.row()))

    def _set_up(self) -> None:
        table = self.table
        table.setObjectName("tokens")
        table.setAccessibleName(NAME)
        name_scroll_bars(table, NAME)
        table.setModel(self.model)
        table.setMinimumHeight(SIZE[1])
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        rows, columns = table.verticalHeader(), table.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        rows.setAccessibleName("Place in the answer")
        columns.setAccessibleName("Numbers of each token")


def _over(tokens: Sequence[TokenRecord], mode: HeatMode, over: int) -> Sequence[int]:
    if not over or mode is HeatMode.NOTHING:
        return range(len(tokens))
    return [
        index
        for index, token in enumerate(tokens)
        if is_over(mode, over, heat_share(mode, (token,)))
    ]


def _told(shown: int, whole: int, mode: HeatMode, over: int) -> str:
    if not whole:
        return NONE
    if shown == whole:
        return count_of(whole)
    return f"{shown:,} of {count_of(whole)}: {mode.value.lower()}, {thresholds(mode)[over - 1][0]}"
