"""The chosen token's numbers and its alternatives."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.ui.panes.bars import Bars
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.viewmodels.alternatives import rows
from app.ui.viewmodels.selection import Selected
from app.ui.widgets import fixed_font, label

INVITATION = "Click a word of an answer, or move with the arrow keys, to see its numbers."


class TokenPane(QWidget):
    """Shows a Selected token, or how to select one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = label(kind="token", wrap=True)
        self.text.setFont(fixed_font(self.text, 1.6))
        self.numbers: dict[str, QLabel] = {}
        self._invitation = label(INVITATION, kind="muted", wrap=True)
        self.bars = Bars(theme)
        self._details = QWidget()
        self._lay_out()
        self.show_token(None)

    def show_token(self, selected: Selected | None) -> None:
        """Show this token's numbers."""
        self._invitation.setVisible(selected is None)
        self._details.setVisible(selected is not None)
        if selected is not None:
            token = selected.token
            self.text.setText(wording.token_text(token))
            for name, value in facts(selected).items():
                self.numbers[name].setText(value)
                self.numbers[name].setAccessibleName(f"{name}: {value}")
            self.bars.show_rows(rows(token))

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.bars.recolour(theme)

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self._details)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(12)
        inner.addWidget(self.text)
        inner.addLayout(self._numbers_grid())
        inner.addWidget(label("What it could have said", kind="muted"))
        inner.addWidget(self.bars)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(12)
        layout.addWidget(label("Token", kind="strong"))
        layout.addWidget(self._invitation)
        layout.addWidget(self._details)

    def _numbers_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(FACTS):
            value = label(kind="strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(name, kind="muted"), row, 0)
            grid.addWidget(value, row, 1)
            self.numbers[name] = value
        return grid


FACTS = (
    "Probability",
    "Logprob",
    "After sampling",
    "Rank",
    "Entropy",
    "Position",
    "Source",
)


def facts(selected: Selected) -> dict[str, str]:
    """The numbers of a token under the names the pane gives them."""
    token = selected.token
    values = (
        wording.logprob_probability(token.logprob),
        wording.NOTHING if token.logprob is None else f"{wording.signed(token.logprob)} nats",
        wording.logprob_probability(token.sampled_logprob),
        wording.NOTHING if token.rank is None else f"{token.rank:,}",
        wording.bits(token.entropy),
        f"{selected.index + 1:,} of {selected.count:,}",
        f"{token.channel.value}, {wording.SOURCES[token.source]}",
    )
    return dict(zip(FACTS, values, strict=True))
