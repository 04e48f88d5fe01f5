"""A text apart from the answer, which a person can fold away: the reasoning, or a tool call."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.ui.chat.cuts import CutTable
from app.ui.chat.token_text import TokenText
from app.ui.panes.curve import Curve
from app.ui.theme.palette import Theme
from app.ui.widgets import button, name_scroll_bars

ANSWER_NOW_KEYS = "Ctrl+Return"
LONGEST = 300
CURVE_HEIGHT = 32
NEAR_END = 24
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Disclosure(QToolButton):
    """A heading that opens and closes by a click, Space or Enter."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("disclosure")
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter does what Space does."""
        if event.key() in ENTER:
            self.click()
        else:
            super().keyPressEvent(event)


class TraceScroll(QScrollArea):
    """As high as its text, or `LONGEST` pixels; then it scrolls.

    While `live` it stays at the growing end, unless a person scrolled away from it.
    """

    def __init__(self, body: TokenText) -> None:
        super().__init__()
        self.live = False
        self._body = body
        self._at_end = True
        self.setObjectName("trace_scroll")
        self.setAccessibleName(body.accessibleName())
        name_scroll_bars(self, body.accessibleName())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)
        body.fitted.connect(self._fit)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._note_place)
        bar.rangeChanged.connect(self._follow)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The Page keys scroll the text, and at its ends the conversation."""
        before = self.verticalScrollBar().value()
        super().keyPressEvent(event)
        if self.verticalScrollBar().value() == before:
            event.ignore()

    def _fit(self) -> None:
        self.setFixedHeight(min(self._body.height(), LONGEST))

    def _note_place(self, value: int) -> None:
        self._at_end = value >= self.verticalScrollBar().maximum() - NEAR_END

    def _follow(self, _low: int, high: int) -> None:
        if self.live and self._at_end:
            self.verticalScrollBar().setValue(high)


class TracePanel(QFrame):
    """A heading, how sure the tokens were, and the coloured text; `folded` tells of each change.

    `answered_now` is the button that ends a thought while it grows. A `cuttable` one, once it has
    ended, has room for what would have been answered without the rest of it; `cut_asked` carries
    the place to cut.
    """

    folded = Signal(bool)
    answered_now = Signal()
    cut_asked = Signal(object)

    def __init__(self, body: TokenText, *, cuttable: bool = False) -> None:
        super().__init__()
        self.setObjectName("trace")
        self.body = body
        self.heading = Disclosure(body.accessibleName())
        self.curve = Curve(height=CURVE_HEIGHT)
        self.curve.picked.connect(lambda place: body.picked.emit(body.run.number(place)))
        self.curve.stepped.connect(body.stepped)
        self.now = button("Answer now", self.answered_now.emit, kind="quiet", keys=ANSWER_NOW_KEYS)
        self.now.hide()
        self.pane = TraceScroll(body)
        self.cuts = CutTable() if cuttable else None
        if self.cuts is not None:
            self.cuts.asked.connect(self.cut_asked)
        self.heading.toggled.connect(self._show_body)
        self._lay_out()
        self._show_body(True)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether the text is shown."""
        return self.heading.isChecked()

    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops."""
        return self.heading, self.now, self.curve, self.body

    def select(self, number: int | None) -> None:
        """Let the token with this index in the answer, if it is here, be where to cut."""
        here = number if number is not None and self.body.holds(number) else None
        self.curve.mark(None if here is None else self.body.run.place(here))
        if self.cuts is not None:
            self.cuts.select(here)

    def set_title(self, title: str) -> None:
        """Show `title` in the heading, and the panel with it."""
        self.heading.setText(title)
        self.heading.setAccessibleName(title)
        self.show()

    def set_open_ended(self, growing: bool) -> None:
        """Offer to end the thought while it is growing."""
        self.now.setVisible(growing)
        if self.cuts is not None:
            self.cuts.setVisible(not growing and self.is_open)

    def show_numbers(self) -> None:
        """Draw how sure the tokens so far were."""
        self.curve.show_answer(0, self.body.run.tokens)
        self.curve.setVisible(len(self.body.run) > 1)

    def open(self, shown: bool = True) -> None:
        """Unfold the text, or fold it."""
        self.heading.setChecked(shown)

    def reveal(self, number: int) -> None:
        """Unfold the text and scroll to the token with this index in the answer."""
        self.open()
        centre = self.body.token_rect(number).center()
        self.pane.ensureVisible(int(centre.x()), int(centre.y()), 0, LONGEST // 4)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.curve.recolour(theme)

    def _show_body(self, shown: bool) -> None:
        self.pane.setVisible(shown)
        if self.cuts is not None:
            self.cuts.setVisible(shown and not self.now.isVisibleTo(self))
        self.heading.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.heading.setAccessibleDescription("Open" if shown else "Closed")
        self.folded.emit(not shown)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.now)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.addLayout(head)
        layout.addWidget(self.curve)
        layout.addWidget(self.pane)
        if self.cuts is not None:
            layout.addWidget(self.cuts)
            self.cuts.hide()
