"""A scored text of any length: pieces of it one below the other, only those in sight as widgets.

In: text with its tokens as they come. Out: which token was picked. A piece ends with a paragraph
where that can be, so that hardly any line is broken by it.
"""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct, structs
from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.heat import Face, HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.chat.column import Column, guess
from app.ui.chat.heat import Heat
from app.ui.chat.message import MessageView
from app.ui.chat.message_list import SIDE, MessageList
from app.ui.chat.token_page import LINE_HEIGHT_PERCENT, NUMBERED_PERCENT
from app.ui.chat.token_text import TokenText
from app.ui.theme.palette import Theme
from app.ui.widgets import label

ENOUGH, MOST = 150, 400  # tokens of a piece
NAME = "Scored text"


class Piece(Struct, frozen=True):
    """A part of the text; `first` is the number of its first token, whose spans count from it."""

    text: str
    tokens: tuple[TokenRecord, ...]
    first: int


class PieceView(MessageView):
    """One piece; `picked` carries a token's number, `stepped` -1 or 1 to a neighbour."""

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, piece: Piece, look: Heat, frame: str) -> None:
        super().__init__()
        self.body = TokenText(NAME)
        layout = QVBoxLayout(self)
        blank = piece.text.endswith("\n\n")
        layout.setContentsMargins(0, 0, 0, self.fontMetrics().lineSpacing() if blank else 0)
        layout.addWidget(self.body)
        self.body.extend(piece.text, piece.tokens, piece.first)
        self.recolour(look, frame)
        self.body.picked.connect(self.picked)
        self.body.stepped.connect(self.stepped)
        self.body.fitted.connect(self.refitted)

    def recolour(self, look: Heat, frame: str) -> None:
        """Show the tokens so, and frame the selected one in the colour `frame`."""
        self.body.show_raw(look.reading.face is Face.RAW)
        self.body.recolour(look, frame)

    def chain_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come here from `before`; return where it leaves from."""
        QWidget.setTabOrder(before, self.body)
        return self.body


class ScoredTextView(MessageList):
    """`picked` carries a token's number, `stepped` -1 or 1 to a neighbour of the selected one."""

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, theme: Theme, mode: HeatMode = HeatMode.SURPRISE) -> None:
        super().__init__(label())
        self._column = Column(0, SIDE)
        self._theme = theme
        self._mode = mode
        self._read_as = Reading()
        self._pieces: list[Piece] = []
        self._text = ""
        self._waiting: list[TokenRecord] = []
        self._offset = 0
        self._count = 0
        self._selected: int | None = None
        self.setAccessibleName(NAME)

    def clear(self) -> None:
        """Show nothing."""
        self._pieces, self._text, self._waiting = [], "", []
        self._offset = self._count = 0
        self._selected = None
        self._cut(0)
        self.verticalScrollBar().setValue(0)

    def extend(self, text: str, tokens: Sequence[TokenRecord]) -> None:
        """Add text with its tokens; the last piece waits until it is long enough."""
        self._text += text
        for token in tokens:
            if self._is_full(token):
                self._finish_piece(token.start)
            self._waiting.append(token)

    def end(self) -> None:
        """There will be no more text."""
        if self._waiting:
            self._finish_piece(self._offset + len(self._text))

    def select(self, number: int | None) -> None:
        """Frame the token with this number and bring it into view."""
        self._selected = number
        for view in self._views.values():
            _body(view).select(number)
        if number is None:
            return
        index = self._index(number)
        if index >= 0:
            view = self._need(index)
            body = _body(view)
            body.select(number)
            rect = body.token_rect(number).toRect()
            self._show_part(index, QRect(body.mapTo(view, rect.topLeft()), rect.size()))
            if any(_body(view).hasFocus() for view in self._views.values()):
                body.setFocus()

    def text_of(self, number: int) -> TokenText | None:
        """The text with the token of this number, if it is near what is in sight."""
        view = self._views.get(self._index(number))
        return _body(view) if view else None

    def show_mode(self, mode: HeatMode) -> None:
        """Colour the words by `mode`."""
        self._mode = mode
        self.recolour(self._theme)

    def show_reading(self, reading: Reading) -> None:
        """Show this with the colours."""
        self._read_as = reading
        with self._reading():
            self.recolour(self._theme)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        for view in self._views.values():
            _piece(view).recolour(self._look(), theme.accent)

    def _index(self, number: int) -> int:
        return bisect_right(self._pieces, number, key=lambda piece: piece.first) - 1

    def _look(self) -> Heat:
        return Heat(self._mode, self._theme, self._theme.window, self._read_as)

    def _is_full(self, token: TokenRecord) -> bool:
        """Whether a piece ends before this token, which must share no character with it."""
        if len(self._waiting) < ENOUGH or token.start < self._waiting[-1].end:
            return False
        ends = self._text[token.start - self._offset - 1] == "\n"
        return ends or len(self._waiting) >= MOST

    def _finish_piece(self, end: int) -> None:
        """Let what waits become a piece that ends at this place of the whole text."""
        length = end - self._offset
        tokens = tuple(
            structs.replace(token, start=token.start - self._offset, end=token.end - self._offset)
            for token in self._waiting
        )
        self._pieces.append(Piece(self._text[:length], tokens, self._count))
        self._count += len(tokens)
        self._text, self._waiting, self._offset = self._text[length:], [], end
        self._following = False
        self._append()

    def _make(self, index: int) -> MessageView:
        view = PieceView(self._pieces[index], self._look(), self._theme.accent)
        view.body.select(self._selected)
        view.picked.connect(self.picked)
        view.stepped.connect(self.stepped)
        return view

    def _guess(self, index: int) -> int:
        percent = NUMBERED_PERCENT if self._read_as.numbers else LINE_HEIGHT_PERCENT
        line = self.fontMetrics().lineSpacing() * percent / 100
        return guess(self._pieces[index].text, self._width, line)


def _piece(view: MessageView) -> PieceView:
    assert isinstance(view, PieceView)
    return view


def _body(view: MessageView) -> TokenText:
    return _piece(view).body
