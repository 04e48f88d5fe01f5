"""A window with the answers that were written at once, and how many of them agree."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.ui.dialogs import Dialog
from app.ui.viewmodels.votes import Vote, Votes, mean
from app.ui.viewmodels.wording import excerpt
from app.ui.widgets import button, label, name_scroll_bars

NAME = "Votes"
LONGEST_FINAL = 40
LONGEST = 400
WIDTH = 820
MOST_HEIGHT = 420
ROOM = 24
SHOWN = "shown now"
ROLES = Qt.ItemDataRole
NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
COLUMNS: tuple[tuple[str, str, Callable[[Vote], str]], ...] = (
    ("Answer", "What the answer comes to", lambda vote: _short(vote.final)),
    ("Votes", "How many answers come to it", lambda vote: str(vote.votes)),
    ("Share", "Their part of all answers", lambda vote: f"{vote.share:.0%}"),
    ("Mean logprob", "Of the answer's own tokens, in nats; nearer to 0 is surer", mean),
    ("Tokens", "Generated for it, its reasoning included", lambda vote: f"{vote.tokens:,}"),
    ("Why", "Which one was chosen, and why", lambda vote: vote.remark),
)
NO_PARENT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


def _short(final: str) -> str:
    """What an answer comes to, in a line that leaves room for its numbers."""
    if not final:
        return "nothing"
    return final if len(final) <= LONGEST_FINAL else final[: LONGEST_FINAL - 1] + "…"


class VotesTable(QAbstractTableModel):
    """A row for each answer; `shown` is the id of the one in the chat."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Vote, ...] = ()
        self._shown: int | None = None

    def show_votes(self, rows: tuple[Vote, ...], shown: int) -> None:
        """Show these rows."""
        self.beginResetModel()
        self.rows, self._shown = rows, shown
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """How many answers there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """How much is said of each."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = ROLES.DisplayRole) -> object:
        """The text of a cell."""
        vote, column = self.rows[index.row()], index.column()
        if role == ROLES.DisplayRole:
            text = COLUMNS[column][2](vote)
            last = column == len(COLUMNS) - 1 and vote.turn_id == self._shown
            return ", ".join(filter(None, (text, SHOWN))) if last else text
        if role == ROLES.TextAlignmentRole and 0 < column < len(COLUMNS) - 1:
            return NUMBERS
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = ROLES.DisplayRole
    ) -> object:
        """The names of the columns, and the places of the rows from 1."""
        if orientation is Qt.Orientation.Horizontal:
            if role == ROLES.ToolTipRole:
                return COLUMNS[section][1]
            return COLUMNS[section][0] if role == ROLES.DisplayRole else None
        return str(section + 1) if role == ROLES.DisplayRole else None


class VotesDialog(Dialog):
    """`used` carries the id of the answer that a person wants in the chat."""

    used = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, NAME)
        self._shown: int | None = None
        self.model = VotesTable()
        self.table = QTableView()
        self.said = label(kind="muted", wrap=True)
        self.warning = label(kind="complaint", wrap=True)
        self.whole = label(wrap=True)
        self.use = button("Use this answer", self._use, kind="primary")
        self.setFixedWidth(WIDTH)
        self._set_up()
        for part in (self.said, self.warning, self.table, self.whole):
            self.body.addWidget(part)
        self.foot.insertWidget(0, self.use)
        self.complete(self.table)
        self.table.selectionModel().currentRowChanged.connect(self._show_row)
        self.table.activated.connect(self._use)

    def show_votes(self, votes: Votes, shown: int) -> None:
        """Show how the votes fell, beginning at the answer in the chat."""
        self.model.show_votes(votes.rows, shown)
        self._shown = shown
        self.table.setFixedHeight(self._height())
        self.said.setText(votes.said)
        self.warning.setText(votes.warning)
        self.warning.setVisible(bool(votes.warning))
        places = [vote.turn_id for vote in votes.rows]
        self.table.setCurrentIndex(self.model.index(places.index(shown), 0))
        self._show_row(self.table.currentIndex())

    def _show_row(self, now: QModelIndex) -> None:
        vote = self._row(now)
        self.whole.setText(excerpt(vote.text, LONGEST) if vote else "")
        self.use.setEnabled(vote is not None and vote.turn_id != self._shown)
        self.fit()

    def _use(self) -> None:
        vote = self._row(self.table.currentIndex())
        if vote is not None and vote.turn_id != self._shown:
            self.used.emit(vote.turn_id)

    def _height(self) -> int:
        """As high as the rows, as far as they fit into a window."""
        rows, head = self.table.verticalHeader().length(), self.table.horizontalHeader().height()
        return min(rows + head + ROOM, MOST_HEIGHT)

    def _row(self, index: QModelIndex) -> Vote | None:
        return self.model.rows[index.row()] if index.isValid() else None

    def _set_up(self) -> None:
        table = self.table
        table.setObjectName("tokens")
        table.setAccessibleName(NAME)
        name_scroll_bars(table, NAME)
        table.setModel(self.model)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        rows, columns = table.verticalHeader(), table.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        rows.setAccessibleName("Place by votes")
        columns.setAccessibleName("What is said of each answer")
