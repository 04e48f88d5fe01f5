"""The messages from the first to the last, scrolled; it stays at the end while one reads there."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.domain.conversation import PromptRead, Turn, TurnGrew, TurnState
from app.domain.messages import Role
from app.ui.chat.answer import AnswerView
from app.ui.chat.question import QuestionView
from app.ui.chat.welcome import WelcomeView
from app.ui.theme.palette import Theme
from app.ui.viewmodels.heat import HeatMode
from app.ui.viewmodels.selection import Selected
from app.ui.widgets import name_scroll_bars

COLUMN_WIDTH = 720
NEAR_END = 24


class TranscriptView(QScrollArea):
    """`picked` carries an answer's id and a token's index in it."""

    picked = Signal(object, object)
    stepped = Signal(object)

    def __init__(self, theme: Theme, mode: HeatMode = HeatMode.SURPRISE) -> None:
        super().__init__()
        self._theme = theme
        self._mode = mode
        self._answers: dict[int, AnswerView] = {}
        self._messages: list[QWidget] = []
        self._following = True
        self.welcome = WelcomeView()
        self._last_stop: QWidget = self.welcome.last_button
        self._page = QWidget()
        self._column = QVBoxLayout()
        self._lay_out()
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._note_place)
        bar.rangeChanged.connect(self._follow)

    def add(self, turn: Turn) -> None:
        """Show a question, an answer that is about to stream, or one that ended earlier."""
        self.welcome.hide()
        if turn.role is Role.USER:
            view = QuestionView(turn.text)
            self._following = True
        else:
            view = self._answers[turn.id] = self._answer(turn)
        self._messages.append(view)
        self._column.addWidget(view)
        if isinstance(view, AnswerView):
            self._last_stop = view.chain_after(self._last_stop)
            if turn.state is not TurnState.STREAMING:
                view.present(turn)

    def grow(self, growth: TurnGrew) -> None:
        """Show what came."""
        self._answers[growth.turn_id].grow(growth.delta)

    def read(self, progress: PromptRead) -> None:
        """Show progress over the prompt."""
        self._answers[progress.turn_id].read(progress)

    def change(self, turn: Turn) -> None:
        """Show how an answer ended."""
        self._answers[turn.id].change(turn)

    def answer(self, turn_id: int) -> AnswerView | None:
        """The view of an answer."""
        return self._answers.get(turn_id)

    def clear(self) -> None:
        """Show an empty chat."""
        for view in self._messages:
            view.hide()
            view.deleteLater()
        self._messages.clear()
        self._answers.clear()
        self._following = True
        self._last_stop = self.welcome.last_button
        self.welcome.show()

    def select(self, selected: Selected | None) -> None:
        """Frame the selected token and bring it into view."""
        for turn_id, view in self._answers.items():
            here = selected is not None and selected.turn_id == turn_id
            place = view.select(selected.index if here and selected else None)
            if here:
                point = view.mapTo(self._page, place.center())
                self.ensureVisible(point.x(), point.y(), 20, 60)

    def show_mode(self, mode: HeatMode) -> None:
        """Colour the words by `mode`."""
        self._mode = mode
        for view in self._answers.values():
            view.show_mode(mode)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        for view in self._answers.values():
            view.recolour(theme)

    def _answer(self, turn: Turn) -> AnswerView:
        view = AnswerView(self._theme, self._mode)
        view.picked.connect(lambda index, id=turn.id: self.picked.emit(id, index))
        view.stepped.connect(self.stepped)
        return view

    def _lay_out(self) -> None:
        self.setObjectName("transcript")
        self.setAccessibleName("Conversation")
        name_scroll_bars(self, "Conversation")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QWidget()
        column.setMaximumWidth(COLUMN_WIDTH)
        self._column.setSpacing(22)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.welcome)
        filled = QVBoxLayout(column)
        filled.setContentsMargins(0, 24, 0, 24)
        filled.addLayout(self._column)
        filled.addStretch(1)
        centred = QHBoxLayout(self._page)
        centred.setContentsMargins(24, 0, 24, 0)
        centred.addStretch(1)
        centred.addWidget(column, 1000)
        centred.addStretch(1)
        self.setWidget(self._page)

    def _note_place(self, value: int) -> None:
        self._following = value >= self.verticalScrollBar().maximum() - NEAR_END

    def _follow(self, _low: int, high: int) -> None:
        if self._following:
            self.verticalScrollBar().setValue(high)
