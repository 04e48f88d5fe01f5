"""A window with every version of a chat's messages as a tree, and two of them side by side."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHeaderView,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.domain.branches import Fork, fork
from app.domain.conversation import Turn
from app.domain.heat import HeatMode
from app.domain.messages import Role
from app.ui.chat.heat import Heat
from app.ui.chat.token_text import TokenText
from app.ui.dialogs import Dialog
from app.ui.theme.palette import Theme
from app.ui.viewmodels.branches import BranchRow
from app.ui.viewmodels.wording import NOTHING, signed, tokens
from app.ui.widgets import button, label, name_scroll_bars

NAME = "Versions"
SIZE = 860, 220
SIDE_HEIGHT = 190
EXCERPT = 80
HEADINGS = ("Message", "Took another way with", "Joint logprob", "Tokens")
HINT = "Select an answer to see it beside the version that it left."
ID = Qt.ItemDataRole.UserRole


class Side(QWidget):
    """One version: what it is, and its tokens; what both say is pale."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.told = label(kind="muted", wrap=True)
        self._name = name
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFixedHeight(SIDE_HEIGHT)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setAccessibleName(name)
        name_scroll_bars(self._scroll, name)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.told, 0, 0)
        grid.addWidget(self._scroll, 1, 0)
        self.text = TokenText(name)

    def show_turn(self, turn: Turn, pale: Sequence[tuple[int, int]], theme: Theme) -> None:
        """Show a version as raw tokens; those in these slices are said by both."""
        self.text = text = TokenText(self._name)
        text.show_raw(True)
        text.extend("", turn.tokens, 0)
        text.recolour(Heat(HeatMode.SURPRISE, theme, theme.window), theme.accent)
        look = QTextCharFormat()
        look.setForeground(QColor(theme.muted))
        for begin, end in pale:
            if begin < end:
                cursor = QTextCursor(text.document())
                cursor.setPosition(text.run.span(begin)[0])
                cursor.setPosition(text.run.span(end - 1)[1], QTextCursor.MoveMode.KeepAnchor)
                cursor.mergeCharFormat(look)
        self._scroll.setWidget(text)
        text.show()


class VersionsDialog(Dialog):
    """`opened` carries the id of a message that shall be shown in the chat."""

    opened = Signal(object)

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent, NAME)
        self.setFixedWidth(SIZE[0])
        self._theme = theme
        self._rows: dict[int, BranchRow] = {}
        self.tree = QTreeWidget()
        self.hint = label(HINT, kind="muted", wrap=True)
        self.sides = Side("The version before"), Side("This version")
        self.go = button("Show in the chat", self._go, kind="primary")
        self._set_up()
        self.body.addWidget(self.tree)
        self.body.addWidget(self.hint)
        beside = QGridLayout()
        for column, side in enumerate(self.sides):
            beside.addWidget(side, 0, column)
            side.hide()
        self.body.addLayout(beside)
        self.foot.addWidget(self.go)
        self.complete(self.tree)

    def show_rows(self, rows: Sequence[BranchRow]) -> None:
        """Show these messages; the one that was selected stays so."""
        before = self.tree.currentItem()
        chosen = before.data(0, ID) if before else next((r.turn.id for r in rows if r.shown), None)
        self._rows = {row.turn.id: row for row in rows}
        self.tree.clear()
        made: dict[int | None, QTreeWidgetItem] = {None: self.tree.invisibleRootItem()}
        for row in rows:
            made[row.turn.id] = item = _item(row)
            made[row.parent].addChild(item)
        self.tree.expandAll()
        if chosen in made:
            self.tree.setCurrentItem(made[chosen])

    def say(self, sentence: str) -> None:
        """Tell why something could not be done."""
        self.hint.setText(sentence)
        self.hint.show()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self._compare()

    def _compare(self) -> None:
        """Show the selected answer beside the version that it left."""
        item = self.tree.currentItem()
        row = self._rows.get(item.data(0, ID)) if item else None
        self.go.setEnabled(row is not None and not row.shown)
        twin = row.twin if row else None
        self.say(HINT)
        for side in self.sides:
            side.setVisible(twin is not None)
        if row is None or twin is None:
            return
        found = fork(twin.tokens, row.turn.tokens)
        self.say(f"Both begin with the same {tokens(found.shared)}; what both say is pale.")
        places = [(0, found.shared)] * 2
        one, other = self.sides
        one.show_turn(twin, [places[0], *((a, a + n) for a, _, n in found.same)], self._theme)
        other.show_turn(row.turn, [places[1], *((b, b + n) for _, b, n in found.same)], self._theme)
        one.told.setText(_joint(twin, found, found.one_logprob))
        other.told.setText(_joint(row.turn, found, found.other_logprob))

    def _go(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.opened.emit(item.data(0, ID))

    def _set_up(self) -> None:
        tree = self.tree
        tree.setObjectName("versions")
        tree.setAccessibleName(NAME)
        name_scroll_bars(tree, NAME)
        tree.setHeaderLabels(HEADINGS)
        tree.header().setAccessibleName("What is told of each version")
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(HEADINGS)):
            tree.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        tree.setMinimumHeight(SIZE[1])
        tree.currentItemChanged.connect(self._compare)
        tree.itemActivated.connect(self._go)


def _item(row: BranchRow) -> QTreeWidgetItem:
    turn = row.turn
    who = "You" if turn.role is Role.USER else "Answer"
    words = " ".join((turn.text or turn.reasoning).split())
    excerpt = words[:EXCERPT] + "…" * (len(words) > EXCERPT)
    joint = NOTHING if row.logprob is None else signed(row.logprob)
    known = turn.usage.completion_tokens if turn.usage else len(turn.tokens)
    count = f"{known:,}" if known else NOTHING
    item = QTreeWidgetItem([f"{who}: {excerpt}", row.took, joint, count])
    item.setData(0, ID, turn.id)
    font = item.font(0)
    font.setBold(row.shown)
    item.setFont(0, font)
    shown = ", shown in the chat" if row.shown else ""
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{who}: {excerpt}{shown}")
    item.setToolTip(0, "Shown in the chat" if row.shown else "Another version")
    return item


def _joint(turn: Turn, found: Fork, logprob: float) -> str:
    count = len(turn.tokens) - found.shared
    if not count:
        return "Ends here"
    each = signed(logprob / count)
    return f"{tokens(count)} more, joint logprob {signed(logprob)}, {each} each"
