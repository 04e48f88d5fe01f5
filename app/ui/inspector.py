"""Ties the pane of the chosen token to the chat: what it shows, where it leads, what it opens."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.ui.announcer import Announcer
from app.ui.panes.explore import ExploreDialog
from app.ui.panes.token import EXPLORE_KEYS, TABLE_KEYS, VERSIONS_KEYS, TokenPane
from app.ui.panes.token_table import TokenTableDialog
from app.ui.panes.versions import VersionsDialog
from app.ui.panes.votes import VotesDialog
from app.ui.theme.style import Appearance
from app.ui.viewmodels.alternatives import Row
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.prompt import PromptModel
from app.ui.viewmodels.votes import Votes


class Inspector(QObject):
    """Lives as long as `window`; its dialogs are made when they are asked for the first time."""

    def __init__(
        self, window: QWidget, pane: TokenPane, chat: ChatModel, appearance: Appearance
    ) -> None:
        super().__init__(window)
        self._window = window
        self._pane = pane
        self._chat = chat
        self._branches = chat.branches
        self._appearance = appearance
        self.announcer = Announcer(window)
        self.table: TokenTableDialog | None = None
        self.versions: VersionsDialog | None = None
        self.explore: ExploreDialog | None = None
        self.votes: VotesDialog | None = None
        self._follow()
        self._lead()

    def open_versions(self) -> None:
        """Show every version of the chat's messages."""
        if self.versions is None:
            branches = self._branches
            self.versions = made = VersionsDialog(self._window, self._appearance.theme)
            branches.listed.connect(made.show_rows)
            branches.failed.connect(made.say)
            made.opened.connect(branches.open)
            self._appearance.changed.connect(made.recolour)
            self._chat.turn_changed.connect(self._refresh_versions)
        self._branches.refresh()
        self.versions.present()

    def open_explore(self) -> None:
        """Find the likeliest ways on from the selected token."""
        exploring, selected = self._chat.exploring, self._at.selection.current
        if self.explore is None:
            self.explore = ExploreDialog(self._window, exploring)
            self.explore.chosen.connect(self._take_way)
        if selected is not None:
            prompt = self._chat.prompt
            exploring.begin(selected, prompt.source if prompt.is_open else self._chat.answers)
            self.explore.present()

    def _take_way(self, node: int) -> None:
        *way, last = self._chat.exploring.path(node)
        self._chat.branch(last.id, at=self._chat.exploring.selected, way=way)

    def show_votes(self, votes: Votes, shown: int) -> None:
        """Show the answers that were written at once."""
        if self.votes is None:
            self.votes = VotesDialog(self._window)
            self.votes.used.connect(self._chat.votes.use)
        self.votes.show_votes(votes, shown)
        self.votes.present()

    def _refresh_versions(self) -> None:
        if self.versions is not None and self.versions.isVisible():
            self._branches.refresh()

    def open_table(self) -> None:
        """Show every token of the answer in a table."""
        if self.table is None:
            self.table = TokenTableDialog(self._window)
            self.table.picked.connect(lambda index: self._at.selection.pick_beside(index))
        self._show_answer()
        self.table.present()

    @property
    def _at(self) -> ChatModel | PromptModel:
        """What is looked at: the prompt of an answer, or the answers."""
        return self._chat.prompt if self._chat.prompt.is_open else self._chat

    def _follow(self) -> None:
        """Show what the chat and the prompt tell."""
        chat = self._chat
        for part in (chat, chat.prompt):
            part.replay.changed.connect(self._show_inspection)
            part.selection.changed.connect(self._show_answer)
        chat.selection.changed.connect(self.announcer.tell)
        chat.turn_changed.connect(self._show_answer)
        chat.heat.changed.connect(self._show_answer)
        chat.heat.reading_changed.connect(self._show_answer)
        chat.votes.found.connect(self.show_votes)

    def _lead(self) -> None:
        """Tell the chat, or the prompt, what a person does in the pane."""
        pane, chat = self._pane, self._chat
        pane.jumps.asked.connect(lambda kind, by: self._at.selection.seek(kind, by))
        pane.jumps.bind_keys(self._window)
        pane.curve.picked.connect(lambda index: self._at.selection.pick_beside(index))
        pane.curve.stepped.connect(lambda by: self._at.selection.step(by))
        for part in (chat, chat.prompt):
            pane.search.asked.connect(part.replay.search)
            pane.trace.wanted.connect(part.replay.trace)
        pane.branch_asked.connect(self._branch)
        pane.table_asked.connect(self.open_table)
        pane.versions_asked.connect(self.open_versions)
        pane.explore_asked.connect(self.open_explore)
        for keys, action in (
            (TABLE_KEYS, self.open_table),
            (VERSIONS_KEYS, self.open_versions),
            (EXPLORE_KEYS, self.open_explore),
        ):
            QShortcut(QKeySequence(keys), self._window).activated.connect(action)

    def _branch(self, row: Row) -> None:
        if row.id is not None:
            self._chat.branch(row.id)

    def _show_inspection(self) -> None:
        self._pane.show_inspection(self._at.replay.value, self._chat.sampling.params)

    def _show_answer(self) -> None:
        selection, heat = self._at.selection, self._chat.heat
        self._pane.show_answer(selection.current, selection.tokens)
        if self.table is not None:
            self.table.show_answer(selection.current, selection.tokens, heat.mode, heat.reading)
