"""The tokens of one answer as a table that Qt's views and screen readers walk."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.domain.tokens import TokenRecord
from app.ui.viewmodels import wording
from app.ui.viewmodels.landmarks import is_low_confidence

Index = QModelIndex | QPersistentModelIndex
NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
COLUMNS: tuple[tuple[str, Callable[[TokenRecord], str]], ...] = (
    ("Token", wording.token_text),
    ("Probability", lambda token: wording.logprob_probability(token.logprob)),
    ("Surprise", lambda token: f"{wording.surprise(token):.2f}"),
    ("Rank", lambda token: wording.NOTHING if token.rank is None else f"{token.rank:,}"),
    (
        "Entropy",
        lambda token: wording.NOTHING if token.entropy is None else f"{abs(token.entropy):.2f}",
    ),
    ("Part", lambda token: token.channel.value),
    ("Source", lambda token: wording.SOURCES[token.source]),
)
UNITS = {"Surprise": "Surprise in bits", "Entropy": "Entropy in bits"}
NO_PARENT = QModelIndex()


class TokenTable(QAbstractTableModel):
    """A row for each token that is shown, headed by its place in the answer."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: Sequence[TokenRecord] = ()
        self._shown: Sequence[int] = ()

    def show_tokens(self, tokens: Sequence[TokenRecord], shown: Sequence[int]) -> None:
        """Show those of an answer's tokens that have these indices, which rise."""
        self.beginResetModel()
        self._tokens, self._shown = tokens, shown
        self.endResetModel()

    def index_at(self, row: int) -> int:
        """The index in the answer of the token in a row."""
        return self._shown[row]

    def row_of(self, index: int) -> int | None:
        """The row of a token, if it is shown."""
        if isinstance(self._shown, range):
            return index if index in self._shown else None
        return self._shown.index(index) if index in self._shown else None

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """How many tokens are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """How many numbers each has."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The text of a cell; a screen reader hears of low confidence with the token."""
        token = self._tokens[self._shown[index.row()]]
        text = COLUMNS[index.column()][1](token)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.AccessibleTextRole:
                unsure = index.column() == 0 and is_low_confidence(token)
                return f"{text}, low confidence" if unsure else text
            case Qt.ItemDataRole.TextAlignmentRole:
                return NUMBERS if 0 < index.column() < 5 else None
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """The names of the columns, and the places of the tokens from 1."""
        if orientation is Qt.Orientation.Horizontal:
            name = COLUMNS[section][0]
            if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                return UNITS.get(name, name)
            return name if role == Qt.ItemDataRole.DisplayRole else None
        return f"{self._shown[section] + 1:,}" if role == Qt.ItemDataRole.DisplayRole else None
