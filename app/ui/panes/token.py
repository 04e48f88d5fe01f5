"""The chosen token's numbers and its alternatives, and ways to the next one worth a look."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, TokenRecord
from app.services.prompt_tokens import FIRST
from app.ui.panes.bars import Bars, elided
from app.ui.panes.curve import Curve
from app.ui.panes.jumps import Jumps
from app.ui.panes.sampler_trace import SamplerTracePane
from app.ui.panes.token_search import TokenSearchField
from app.ui.theme.palette import Theme
from app.ui.viewmodels import wording
from app.ui.viewmodels.alternatives import Row, rows, token_name
from app.ui.viewmodels.record_text import tsv
from app.ui.viewmodels.replay import Inspection
from app.ui.viewmodels.selection import Selected
from app.ui.widgets import button, fixed_font, label

INVITATION = "Click a word of an answer, or move with the arrow keys, to see its numbers."
RECOMPUTING = "Recomputing"
TABLE_KEYS = "Ctrl+T"
VERSIONS_KEYS = "Ctrl+J"
EXPLORE_KEYS = "Ctrl+Shift+X"
CONTINUE = "Continue from another token"
CONTINUE_MEANING = "Choose one above: the answer goes on with it from here, and the old one stays"


class TokenPane(QWidget):
    """Shows an Inspection, or how to select a token.

    `branch_asked` carries the Row of a token that the answer shall go on with from here,
    `table_asked` wants the table of all tokens, `versions_asked` the tree of all versions and
    `explore_asked` the likeliest ways on.
    """

    branch_asked = Signal(object)
    table_asked = Signal()
    versions_asked = Signal()
    explore_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = label(kind="token", wrap=True)
        self.text.setFont(fixed_font(self.text, 1.6))
        self.numbers: dict[str, QLabel] = {}
        self.draft = label(kind="muted", wrap=True)
        self.outcome = label(kind="muted", wrap=True)
        self.bars = Bars(theme)
        self.jumps = Jumps()
        self.curve = Curve(theme)
        self.search = TokenSearchField(theme)
        self.trace = SamplerTracePane(theme)
        self.branch = button(CONTINUE, self._branch)
        self.branch.setToolTip(CONTINUE_MEANING)
        self.branch.setAccessibleDescription(CONTINUE_MEANING)
        self._invitation = label(INVITATION, kind="muted", wrap=True)
        self.table = button("Table", self.table_asked.emit, kind="quiet", keys=TABLE_KEYS)
        self.table.setAccessibleName("Table of all tokens of the answer")
        self.versions = button(
            "Versions", self.versions_asked.emit, kind="quiet", keys=VERSIONS_KEYS
        )
        self.explore = button("Explore ways on", self.explore_asked.emit, keys=EXPLORE_KEYS)
        self._copy = button("Copy row", self._copy_row, kind="quiet")
        self._copy.setAccessibleDescription("Copies the token's record as tab-separated text")
        self._details = QWidget()
        self._selected: Selected | None = None
        self._mark: Row | None = None
        self._lay_out()
        for bars in (self.bars, self.search.bars):
            bars.marked.connect(self._show_mark)
            bars.taken.connect(self.branch_asked)
        self.show_inspection(Inspection(), SamplingParams())
        self._show_mark(None)

    def show_inspection(self, shown: Inspection, params: SamplingParams) -> None:
        """Show this token's numbers and bars, under the sampling of the sliders."""
        self._selected = selected = shown.selected
        self._invitation.setVisible(selected is None)
        self._details.setVisible(selected is not None)
        self._copy.setVisible(selected is not None)
        self.curve.setVisible(selected is not None)
        if selected is not None:
            self.text.setText(_heading(shown, selected))
            for name, value in facts(selected).items():
                self.numbers[name].setText(value)
                self.numbers[name].setAccessibleName(f"{name}: {value}")
            self.bars.show_rows(rows(selected.token, shown.replayed))
            self.outcome.setText(outcome(shown))
            self.draft.setText(wording.draft(selected.token))
            self.draft.setVisible(bool(self.draft.text()))
            read = selected.token.channel is Channel.PROMPT
            for part in (self.jumps, self.branch):
                part.setVisible(not read)
            for part in (self.explore, self.search, self.trace):
                part.setVisible(not read or selected.index > 0)
        self.search.show_inspection(shown)
        self.trace.show_inspection(shown, params)

    def show_answer(self, selected: Selected | None, tokens: Sequence[TokenRecord]) -> None:
        """Show how sure the tokens were around the selected one."""
        self.jumps.show_tokens(tokens)
        if selected is not None:
            self.curve.show_answer(selected.turn_id, tokens, selected.index)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.bars.recolour(theme)
        self.curve.recolour(theme)
        self.search.bars.recolour(theme)
        self.trace.recolour(theme)

    def _show_mark(self, mark: Row | None) -> None:
        """Only one token is marked, in one of the two lists."""
        if mark is not None:
            for bars in (self.bars, self.search.bars):
                if bars.mark is not mark:
                    bars.clear_mark()
        self._mark = mark
        self.branch.setEnabled(mark is not None)
        self.branch.setText(f"Continue from “{elided(mark.text)}”" if mark else CONTINUE)

    def _branch(self) -> None:
        if self._mark is not None:
            self.branch_asked.emit(self._mark)

    def _copy_row(self) -> None:
        if self._selected is not None:
            QGuiApplication.clipboard().setText(tsv(self._selected.token))

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self._details)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        inner.addWidget(self.text)
        inner.addLayout(self._numbers_grid())
        inner.addWidget(self.draft)
        inner.addWidget(self.bars)
        for part in (self.outcome, self.branch, self.explore, self.search, self.trace):
            inner.addWidget(part)
        heading = QHBoxLayout()
        heading.addWidget(label("Token", kind="strong"))
        heading.addStretch(1)
        heading.addWidget(self.versions)
        heading.addWidget(self.table)
        heading.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 12, 18, 12)
        layout.setSpacing(8)
        layout.addLayout(heading)
        layout.addWidget(self.jumps)
        layout.addWidget(self.curve)
        layout.addWidget(self._invitation)
        layout.addWidget(self._details)

    def _numbers_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for place, name in enumerate(FACTS):
            row, column = place // 2, 2 * (place % 2)
            value = label(kind="strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(name, kind="muted"), row, column)
            grid.addWidget(value, row, column + 1)
            self.numbers[name] = value
        return grid


FACTS = (
    "Probability",
    "Logprob",
    "After sampling",
    "Entropy",
    "Rank",
    "Source",
    "Position",
    "Part",
)


def facts(selected: Selected) -> dict[str, str]:
    """The numbers of a token under the names the pane gives them."""
    token = selected.token
    values = (
        wording.logprob_probability(token.logprob),
        wording.signed(token.logprob),
        wording.logprob_probability(token.sampled_logprob),
        wording.bits(token.entropy),
        wording.NOTHING if token.rank is None else f"{token.rank:,}",
        "read" if token.channel is Channel.PROMPT else wording.SOURCES[token.source],
        f"{selected.index + 1:,}",
        token.channel.value,
    )
    return dict(zip(FACTS, values, strict=True))


def outcome(shown: Inspection) -> str:
    """What sampling leaves at this position, or why that is not known."""
    token = shown.selected.token if shown.selected else None
    if token is not None and token.channel is Channel.PROMPT and token.logprob is None:
        return FIRST
    if shown.recomputing:
        return RECOMPUTING
    if shown.replayed is None:
        return shown.note
    kept = shown.replayed.kept
    left = f"{wording.tokens(kept)} left after sampling, {wording.bits(shown.replayed.entropy)}"
    return f"{left}, computed again" if shown.replayed.recomputed else left


def _heading(shown: Inspection, selected: Selected) -> str:
    """The token's text; a replay knows the name of a control token."""
    found = shown.replayed.alternatives if shown.replayed else ()
    control = next((each.name for each in found if each.id == selected.token.id), "")
    return token_name(selected.token.data, selected.token.id, control)
