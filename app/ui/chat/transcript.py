"""The conversation: turns in, the messages that show them; what a person does with them out."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.domain.branches import taken
from app.domain.conversation import PromptRead, ThoughtLimited, Turn, TurnGrew, TurnState, Version
from app.domain.heat import HeatMode, Reading
from app.domain.messages import Role
from app.domain.tokens import Channel, TokenRecord
from app.services.what_if import Glimpse
from app.ui.chat.answer import AnswerView
from app.ui.chat.heights import of_trace, of_turn, stretches
from app.ui.chat.mapped_list import MappedList
from app.ui.chat.message import MessageView
from app.ui.chat.minimap import Stretch
from app.ui.chat.overrule import Steps
from app.ui.chat.question import QuestionView
from app.ui.chat.welcome import WelcomeView
from app.ui.theme.palette import Theme
from app.ui.viewmodels.selection import Selected
from app.ui.viewmodels.wording import took


class Step(Struct, frozen=True):
    """An arrow between versions that was used: of which turn or place, and in which direction."""

    place: int
    by: int


class TranscriptView(MappedList):
    """`picked` carries an answer's id and a token's index in it.

    `regenerated`, `copied`, `prompt_asked` and `votes_asked` carry a turn's id, `edited` one and
    the new text, `version_stepped` one and -1 or 1, `overruled` one and the name of a step of
    Auto; `answered_now` is the button that ends a thought;
    `editor_left` tells that a question is no longer edited, `refused` an error.
    """

    picked = Signal(object, object)
    stepped = Signal(object)
    regenerated = Signal(object)
    copied = Signal(object)
    votes_asked = Signal(object)
    overruled = Signal(object, str)
    edited = Signal(object, str)
    version_stepped = Signal(object, object)
    prompt_asked = Signal(object)
    answered_now = Signal()
    cut_asked = Signal(object, object)
    editor_left = Signal()
    refused = Signal(object)

    def __init__(self, theme: Theme, mode: HeatMode = HeatMode.SURPRISE) -> None:
        self.welcome = WelcomeView()
        super().__init__(self.welcome, theme, mode)
        self.setObjectName("transcript")
        self._theme = theme
        self._mode = mode
        self._reading_as = Reading()
        self._can_ask = False
        self._steps: Steps = ()
        self._turns: list[Turn] = []
        self._versions: dict[int, Version] = {}
        self._stepped: Step | None = None
        self._arrow: Step | None = None
        self._places: dict[int, int] = {}
        self._glimpses: dict[int, Sequence[Glimpse]] = {}
        self._folded: dict[int, frozenset[Channel]] = {}
        self._selected: Selected | None = None
        self._growing: list[TokenRecord] = []

    def add(self, turn: Turn, version: Version = Version()) -> None:  # noqa: B008
        """Show a question, an answer that is about to stream, or one that ended earlier."""
        self._places[turn.id] = len(self._turns)
        self._versions[turn.id] = version
        self._turns.append(turn)
        self._growing = []
        self.map.show_turn(turn.id, turn.tokens or self._growing)
        if turn.role is Role.USER:
            self._following = True
        self._append()
        self._follow_arrow()

    def cut(self, turn_id: int) -> None:
        """Take away a turn and all that follow it."""
        index = self._places[turn_id]
        stepped, self._stepped = self._stepped, None
        same = stepped is not None and stepped.place == turn_id
        self._arrow = Step(index, stepped.by) if stepped and same else None
        for turn in self._turns[index:]:
            del self._places[turn.id], self._versions[turn.id]
            self.map.forget(turn.id)
        self._following = True
        self._cut(index)
        del self._turns[index:]

    def clear(self) -> None:
        """Show an empty chat."""
        if self._turns:
            self.cut(self._turns[0].id)

    def grow(self, growth: TurnGrew) -> None:
        """Show what came."""
        self._answer(growth.turn_id).grow(growth.delta)
        self._growing += growth.delta.tokens
        self.map.show_turn(growth.turn_id, self._growing)

    def read(self, progress: PromptRead) -> None:
        """Show progress over the prompt."""
        self._answer(progress.turn_id).read(progress)

    def limit_thought(self, limited: ThoughtLimited) -> None:
        """Show how long an answer's thought may get."""
        self._answer(limited.turn_id).traces.limit = limited.tokens

    def show_glimpses(self, turn: Turn, glimpses: Sequence[Glimpse]) -> None:
        """Show what would have been answered had the model thought less."""
        self._glimpses[turn.id] = glimpses
        if (view := self.answer(turn.id)) and view.reasoning.cuts:
            view.reasoning.cuts.show_glimpses(glimpses, turn)

    def note_cuts(self, turn_id: int, note: str) -> None:
        """Say what becomes of a question after such an answer."""
        if (view := self.answer(turn_id)) and view.reasoning.cuts:
            view.reasoning.cuts.show_note(note)

    def change(self, turn: Turn) -> None:
        """Show how an answer ended."""
        self._turns[self._places[turn.id]] = turn
        self.map.show_turn(turn.id, turn.tokens)
        if view := self.answer(turn.id):
            view.change(turn)
            self._show_version(view, turn)
            self._soon.start()

    def message(self, turn_id: int) -> MessageView | None:
        """The view of a turn, if it is near what is in sight."""
        return self._views.get(self._places.get(turn_id, -1))

    def answer(self, turn_id: int) -> AnswerView | None:
        """The view of an answer, if it is near what is in sight."""
        view = self.message(turn_id)
        return view if isinstance(view, AnswerView) else None

    def reveal(self, turn_id: int) -> None:
        """Scroll to the beginning of a turn."""
        index = self._places.get(turn_id)
        if index is not None:
            self._following = False
            self._show_top(index)

    def edit_last(self) -> None:
        """Let the last question be written anew."""
        asked = [index for index, turn in enumerate(self._turns) if turn.role is Role.USER]
        if asked and isinstance(view := self._need(asked[-1]), QuestionView):
            view.edit()
            self.ensureWidgetVisible(view)

    def set_can_ask(self, can_ask: bool) -> None:
        """Whether the model could answer now."""
        self._can_ask = can_ask
        for view in self._views.values():
            view.set_can_ask(can_ask)

    def show_steps(self, steps: Steps) -> None:
        """Offer these steps of Auto where one of them has answered."""
        self._steps = steps
        for view in self._answers():
            view.show_steps(steps)

    def select(self, selected: Selected | None) -> None:
        """Frame the selected token and bring it into view."""
        self._selected = selected
        for index, view in self._views.items():
            if isinstance(view, AnswerView):
                view.select(self._number(index))
        index = self._places.get(selected.turn_id) if selected else None
        if index is not None and isinstance(view := self._need(index), AnswerView):
            self._show_part(index, view.select(self._number(index)))

    def show_mode(self, mode: HeatMode) -> None:
        """Colour the words by `mode`."""
        self._mode = mode
        with self._reading():
            for view in self._answers():
                view.show_mode(mode)
        self._chain()
        self.map.show_mode(mode)

    def show_reading(self, reading: Reading) -> None:
        """Show this with the colours."""
        self._reading_as = reading
        with self._reading():
            for view in self._answers():
                view.show_reading(reading)
        self._chain()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        for view in self._answers():
            view.recolour(theme)
        self.map.recolour(theme)

    def _make(self, index: int) -> MessageView:
        turn = self._turns[index]
        view = self._question(turn) if turn.role is Role.USER else self._made_answer(turn)
        self._show_version(view, turn)
        view.action_row.copied.connect(lambda: self.copied.emit(turn.id))
        view.action_row.version_stepped.connect(lambda by: self._step_version(turn.id, by))
        view.set_can_ask(self._can_ask)
        return view

    def _show_version(self, view: QuestionView | AnswerView, turn: Turn) -> None:
        version = self._versions[turn.id]
        view.action_row.show_versions(version.index, version.count, took(taken(turn)))

    def _step_version(self, turn_id: int, by: int) -> None:
        self._stepped = Step(turn_id, by)
        self.version_stepped.emit(turn_id, by)

    def _follow_arrow(self) -> None:
        """Let the keyboard stay at the arrow that it has stepped to this version with."""
        index = len(self._turns) - 1
        if self._arrow is not None and self._arrow.place == index:
            view = self._need(index)
            if isinstance(view, QuestionView | AnswerView):
                view.action_row.versions.focus(self._arrow.by)
            self._arrow = None

    def _question(self, turn: Turn) -> QuestionView:
        view = QuestionView(turn.text)
        view.edited.connect(lambda text: self.edited.emit(turn.id, text))
        view.left.connect(self.editor_left)
        view.action_row.prompt_asked.connect(lambda: self.prompt_asked.emit(turn.id))
        view.refused.connect(self.refused)
        return view

    def _made_answer(self, turn: Turn) -> AnswerView:
        view = AnswerView(self._theme, self._mode, self._reading_as)
        view.picked.connect(lambda number: self.picked.emit(turn.id, number))
        view.stepped.connect(self.stepped)
        view.answered_now.connect(self.answered_now)
        view.cut_asked.connect(lambda index: self.cut_asked.emit(turn.id, index))
        if turn.id in self._glimpses and view.reasoning.cuts is not None:
            view.reasoning.cuts.show_glimpses(self._glimpses[turn.id], turn)
        view.action_row.regenerated.connect(lambda: self.regenerated.emit(turn.id))
        view.action_row.votes_asked.connect(lambda: self.votes_asked.emit(turn.id))
        view.others.overruled.connect(lambda step: self.overruled.emit(turn.id, step))
        view.show_steps(self._steps)
        if turn.state is not TurnState.STREAMING:
            view.present(turn)
        view.select(self._number(self._places[turn.id]))
        view.traces.fold(self._folded.get(turn.id, frozenset()))
        return view

    def _release(self, index: int, view: MessageView) -> None:
        if isinstance(view, AnswerView):
            self._folded[self._turns[index].id] = view.traces.folded

    def _guess(self, index: int) -> int:
        return of_turn(self._turns[index], self._width, self._line())

    def _line(self) -> float:
        return self.fontMetrics().lineSpacing() * 1.4

    def stretches(self) -> list[Stretch]:
        """Where the tokens of each turn lie, the reasoning apart from the answer."""
        found: list[Stretch] = []
        for index, turn in enumerate(self._turns):
            top, height = self._column.top(index), self._column.height(index)
            guessed = of_trace(turn.reasoning, self._width, self._line()) if turn.reasoning else 0
            found += stretches(turn, top, height, min(guessed, height))
        return found

    def _number(self, index: int) -> int | None:
        """The selected token of a message."""
        chosen = self._selected
        here = chosen is not None and chosen.turn_id == self._turns[index].id
        return chosen.index if chosen is not None and here else None

    def _answer(self, turn_id: int) -> AnswerView:
        view = self._need(self._places[turn_id])
        assert isinstance(view, AnswerView)
        return view

    def _answers(self) -> list[AnswerView]:
        return [view for view in self._views.values() if isinstance(view, AnswerView)]

    def _last_stop_of_head(self) -> QWidget:
        return self.welcome.last_button
