"""The numbers of one token of a text, and what else could have stood there."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.domain.tokens import TokenRecord
from app.ui.panes.bars import Bars
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.viewmodels.alternatives import rows
from app.ui.widgets import fixed_font, label

INVITATION = "Click a word, or move with the arrow keys, to see its numbers."


class TokenDetails(QWidget):
    """Shows a token, or how to select one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = label(kind="token", wrap=True)
        self.text.setFont(fixed_font(self.text, 1.4))
        self.facts = Facts()
        self.bars = Bars(theme)
        self._invitation = label(INVITATION, kind="muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for part in (self._invitation, self.text, self.facts, self.bars):
            layout.addWidget(part)
        self.show_token(None, 0)

    def show_token(self, token: TokenRecord | None, number: int) -> None:
        """Show the token with this number in its text, from 0."""
        self._invitation.setVisible(token is None)
        for part in (self.text, self.facts, self.bars):
            part.setVisible(token is not None)
        if token is not None:
            self.text.setText(wording.token_text(token))
            self.facts.show_facts(facts(token, number))
            self.bars.show_rows(rows(token, None) if token.top else [])

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.bars.recolour(theme)


class Facts(QWidget):
    """Names and values in two columns."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)

    def show_facts(
        self, found: Sequence[tuple[str, str]], meanings: dict[str, str] | None = None
    ) -> None:
        """Show these in their order; `meanings` explains some of them."""
        names = [name for name, _ in found]
        if list(self.values) != names:
            self._make(names, meanings or {})
        for name, value in found:
            self.values[name].setText(value)
            self.values[name].setAccessibleName(f"{name}: {value}")

    def _make(self, names: list[str], meanings: dict[str, str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.values = {}
        for row, name in enumerate(names):
            title, value = label(name, kind="muted"), label(kind="strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            for part in (title, value):
                part.setToolTip(meanings.get(name, ""))
            value.setAccessibleDescription(meanings.get(name, ""))
            self._grid.addWidget(title, row, 0)
            self._grid.addWidget(value, row, 1)
            self.values[name] = value


def facts(token: TokenRecord, number: int) -> list[tuple[str, str]]:
    """The numbers of a token by their names."""
    return [
        ("Probability", wording.logprob_probability(token.logprob)),
        ("Logprob", wording.signed(token.logprob)),
        ("Rank", wording.NOTHING if token.rank is None else f"{token.rank:,}"),
        ("Entropy", wording.bits(token.entropy)),
        ("Position", f"{number + 1:,}"),
    ]
