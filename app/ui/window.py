"""The main window: the chats at the left, one of them in the middle, a token at the right.

Connects view models to widgets; decides nothing. Closing it only asks: `close_requested`.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from app.domain.heat import HeatMode
from app.domain.reasoning import Effort
from app.services.host_status import HostState
from app.ui.banner import Banner
from app.ui.chat.composer import Composer
from app.ui.chat.message_list import COLUMN_WIDTH
from app.ui.chat.trace import ANSWER_NOW_KEYS
from app.ui.chat.transcript import TranscriptView
from app.ui.chat_pages import ChatPages
from app.ui.header import Header
from app.ui.inspector import Inspector
from app.ui.legend import VIEW_KEYS, Legend
from app.ui.panes.reasoning import ReasoningPane
from app.ui.panes.sampling import SamplingPane
from app.ui.panes.token import TokenPane
from app.ui.sidebar.dock import SidebarDock
from app.ui.sidebar.sidebar import Sidebar
from app.ui.theme.palette import Theme
from app.ui.theme.style import Appearance
from app.ui.view_menu import RENDER_KEYS, ViewMenu
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.chats import ChatsModel
from app.ui.viewmodels.models import ModelsModel
from app.ui.viewmodels.rules import RulesModel
from app.ui.viewmodels.status import ChatStatus
from app.ui.widgets import line, name_scroll_bars

PREFERRED_SIZE = QSize(1280, 800)
PANE_WIDTH = 330
COMPOSER_OVERHANG = 16


class MainWindow(QMainWindow):
    """Everything a person sees."""

    close_requested = Signal()

    def __init__(self, chat: ChatModel, chats: ChatsModel, appearance: Appearance) -> None:
        super().__init__()
        self._chat = chat
        self._chats = chats
        self._can_route = False
        theme = appearance.theme
        self.sidebar = Sidebar(theme, chats)
        self.header = Header()
        self.banner = Banner()
        self.legend = Legend(theme, chat.heat.mode)
        self.transcript = TranscriptView(theme, chat.heat.mode)
        self.pages = ChatPages(theme, self.transcript, chat)
        self.composer = Composer()
        self.token = TokenPane(theme)
        self.sampling = SamplingPane(chat.sampling)
        self.reasoning = ReasoningPane(chat.sampling)
        self.setWindowTitle("Candor")
        self._lay_out()
        self._connect_chat(chat)
        self.inspector = Inspector(self, self.token, chat, appearance)
        self._connect_messages(chat)
        self._connect_controls(chat)
        self._connect_chats(chats)
        self.pages.bind_keys(self)
        appearance.changed.connect(self._recolour)
        self._show_status(chat.status.value)
        self._show_sampling()
        self.composer.edit.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask to be closed: the window goes when the services have."""
        event.ignore()
        self.close_requested.emit()

    def connect_models(self, models: ModelsModel, rules: RulesModel) -> None:
        """Show what becomes of models, and let the banner's buttons reach them."""
        rules.changed.connect(lambda: self._show_rules(rules))
        self._show_rules(rules)
        models.noticed.connect(self.banner.show_notice)
        self.banner.retried.connect(models.retry)
        self.banner.cpu_chosen.connect(models.use_cpu)

    def _connect_chat(self, chat: ChatModel) -> None:
        chat.turn_added.connect(self.transcript.add)
        chat.turn_grew.connect(self.transcript.grow)
        chat.turn_changed.connect(self.transcript.change)
        chat.prompt_read.connect(self.transcript.read)
        chat.thought_limited.connect(self.transcript.limit_thought)
        chat.cut.connect(self.transcript.cut)
        chat.cleared.connect(self.transcript.clear)
        chat.returned.connect(self.composer.restore)
        chat.noticed.connect(self.banner.show_notice)
        chat.status.changed.connect(self._show_status)
        chat.sampling.changed.connect(self._show_sampling)
        chat.heat.changed.connect(self.legend.show_mode)
        chat.heat.changed.connect(self.transcript.show_mode)
        chat.heat.reading_changed.connect(self.transcript.show_reading)
        chat.selection.changed.connect(self.transcript.select)

    def _connect_messages(self, chat: ChatModel) -> None:
        transcript, write = self.transcript, self.composer.edit
        transcript.picked.connect(chat.selection.pick)
        transcript.stepped.connect(chat.selection.step)
        transcript.regenerated.connect(chat.regenerate)
        transcript.edited.connect(chat.edit)
        transcript.copied.connect(chat.copy)
        transcript.votes_asked.connect(chat.votes.ask)
        transcript.overruled.connect(chat.overrule)
        transcript.version_stepped.connect(chat.step_version)
        transcript.refused.connect(chat.notice)
        transcript.answered_now.connect(chat.answer_now)
        transcript.cut_asked.connect(chat.what_if.ask)
        chat.what_if.found.connect(transcript.show_glimpses)
        chat.what_if.noted.connect(transcript.note_cuts)
        transcript.editor_left.connect(write.setFocus)
        write.recalled.connect(transcript.edit_last)

    def _connect_chats(self, chats: ChatsModel) -> None:
        chats.noticed.connect(self.banner.show_notice)
        chats.opened.connect(self._show_opened)
        self.sidebar.new_chat.connect(self._new_chat)
        self.sidebar.field.left.connect(self.composer.edit.setFocus)
        self.header.toggled.connect(self.dock.toggle)
        self.dock.changed.connect(self.header.show_sidebar)
        self.header.show_sidebar(self.dock.shown)

    def _connect_controls(self, chat: ChatModel) -> None:
        self.composer.sent.connect(chat.send)
        self.composer.stopped.connect(chat.stop)
        self.composer.effort_chosen.connect(self._choose_effort)
        self.composer.edit.refused.connect(chat.notice)
        self.composer.edit.paged.connect(self.transcript.turn_page)
        self.transcript.welcome.asked.connect(self._ask)
        self.legend.chosen.connect(chat.heat.choose)
        self.legend.view_asked.connect(self.open_view)
        self.header.new_chat.connect(self._new_chat)
        for keys, action in (
            (QKeySequence(QKeySequence.StandardKey.New), self._new_chat),
            (QKeySequence(Qt.Key.Key_Escape), self._leave),
            (QKeySequence(ANSWER_NOW_KEYS), chat.answer_now),
            (QKeySequence("Ctrl+L"), self.composer.edit.setFocus),
            (QKeySequence(VIEW_KEYS), self.open_view),
            (QKeySequence(RENDER_KEYS), chat.heat.turn),
            (QKeySequence("Ctrl+B"), self._toggle_sidebar),
            (QKeySequence("Ctrl+F"), self._search),
            (QKeySequence("Ctrl+K"), self._search),
            (QKeySequence(QKeySequence.StandardKey.Quit), self.close),
            *_heat_keys(chat),
        ):
            QShortcut(keys, self).activated.connect(action)

    def open_view(self) -> None:
        """Open the menu of how answers are read."""
        button = self.legend.view
        ViewMenu(self, self._chat.heat).popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _ask(self, text: str) -> None:
        self._chat.send(text)
        self.composer.edit.setFocus()

    def _new_chat(self) -> None:
        self._chats.new()
        self.composer.edit.setFocus()

    def _show_opened(self, message: int | None) -> None:
        if message is not None:
            self.transcript.reveal(message)
        self.dock.give_way()

    def _toggle_sidebar(self) -> None:
        self.dock.toggle()
        if self.dock.is_over:
            self.sidebar.chats.setFocus()

    def _leave(self) -> None:
        if self.dock.is_over:
            self.composer.edit.setFocus()
        elif self._chat.prompt.is_open:
            self._chat.prompt.close()
        else:
            self._chat.stop()

    def _search(self) -> None:
        self.dock.set_shown(True)
        self.sidebar.begin_search()

    def _show_status(self, status: ChatStatus) -> None:
        self.header.show_status(status)
        self.composer.set_state(can_send=status.can_send, answering=status.answering)
        self.transcript.welcome.set_enabled(status.can_send)
        self.transcript.set_can_ask(status.state is HostState.READY)

    def _show_sampling(self) -> None:
        sampling = self._chat.sampling
        effort = None if sampling.reasoning.auto else sampling.reasoning.effort
        self.composer.show_effort(
            sampling.model, effort, sampling.budget, can_route=self._can_route
        )

    def _show_rules(self, rules: RulesModel) -> None:
        self._can_route = rules.value.large is not None
        self.transcript.show_steps(rules.steps)
        self._show_sampling()

    def _choose_effort(self, effort: Effort | None) -> None:
        sampling = self._chat.sampling
        sampling.set_auto() if effort is None else sampling.set_effort(effort)

    def _recolour(self, theme: Theme) -> None:
        for part in (self.sidebar, self.legend, self.pages, self.token):
            part.recolour(theme)

    def _lay_out(self) -> None:
        self.setMinimumSize(820, 520)
        self.resize(PREFERRED_SIZE.boundedTo(self.screen().availableSize()))
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._chat_column(), 1)
        row.addWidget(line(vertical=True))
        row.addWidget(self._pane())
        self.setCentralWidget(centre)
        self.dock = SidebarDock(self.sidebar, centre, row)

    def _chat_column(self) -> QWidget:
        column = QWidget()
        column.setObjectName("column")
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.header, line(), self.legend, self.banner):
            layout.addWidget(part)
        layout.addWidget(self.pages, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(24, 8, 24, 18)
        foot.addLayout(self._centred_composer())
        layout.addLayout(foot)
        return column

    def _centred_composer(self) -> QHBoxLayout:
        self.composer.setMaximumWidth(COLUMN_WIDTH + 2 * COMPOSER_OVERHANG)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.composer, 1000)
        row.addStretch(1)
        return row

    def _pane(self) -> QWidget:
        pane = QWidget()
        pane.setObjectName("pane")
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.token, line(), self.sampling, line(), self.reasoning):
            layout.addWidget(part)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("side")
        scroll.setAccessibleName("Token and sampling")
        name_scroll_bars(scroll, "Token and sampling")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(PANE_WIDTH)
        scroll.setWidget(pane)
        return scroll


def _heat_keys(chat: ChatModel) -> list[tuple[QKeySequence, Callable[[], None]]]:
    """Ctrl and the place of each mode in the legend."""
    return [
        (QKeySequence(f"Ctrl+{place}"), partial(chat.heat.choose, mode))
        for place, mode in enumerate(HeatMode, 1)
    ]
