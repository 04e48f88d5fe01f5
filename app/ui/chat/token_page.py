"""A page of text of which every token has a colour and can be picked by mouse or keyboard.

In: text as it grows, with its token records; a subclass writes it and says where each token lies.
Out: which token was picked. The heat is painted behind the text, so another one lays nothing out.
"""

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication

from app.domain.tokens import TokenRecord
from app.ui.chat.geometry import line_rects, position_at
from app.ui.chat.heat import Heat
from app.ui.chat.page import PageText
from app.ui.chat.run import TokenRun

LINE_HEIGHT_PERCENT = 140.0
NUMBERED_PERCENT = 180.0
"""With room for numbers below the words."""
PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
LINES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
MOST_LINES = 6  # that may be skipped on the way to another token: blank ones, and gaps
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


class TokenPage(PageText):
    """The text of one channel of an answer.

    `picked` carries a token's index in the answer, `stepped` -1 or 1 towards a neighbour.
    """

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.run = TokenRun()
        self.parts: list[tuple[str, tuple[TokenRecord, ...], int]] = []
        self.selected: int | None = None
        self._pressed = QPoint()
        self._heat: Heat | None = None
        self._frame = QColor()

    @property
    def token_count(self) -> int:
        """How many tokens the text holds."""
        return len(self.run)

    @property
    def can_pick(self) -> bool:
        """Whether a click or a key picks a token."""
        return True

    def extend(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Add text; `first` is the index in the answer of the first of `tokens`."""
        self.parts.append((text, tokens, first))
        self._write(text, tokens, first)

    def end(self) -> None:
        """There will be no more text."""

    def source_at(self, y: int) -> int | None:
        """The place in the text as it was written of the line at this height, if that is known."""
        return self.position_at_height(y)

    def height_of(self, position: int) -> int | None:
        """Where the line with a place of the text as it was written begins, if that is known."""
        return self.height_at_position(position)

    def _write(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Show more text, and note in `run` where its tokens lie."""
        raise NotImplementedError

    def holds(self, number: int) -> bool:
        """Whether the token with this index in the answer belongs to this text."""
        return self.run.holds(number)

    def select(self, number: int | None) -> None:
        """Frame the token with this index in the answer, if it is here."""
        chosen = number if number is not None and self.holds(number) else None
        if chosen != self.selected:
            self.selected = chosen
            self.viewport().update()
            if chosen is not None and self.hasFocus():
                self._bring_caret(self.run.span(chosen)[0])

    def _bring_caret(self, position: int) -> None:
        """A screen reader reads where the caret is."""
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.setPosition(position)
            self.setTextCursor(cursor)

    def recolour(self, look: Heat, frame: str) -> None:
        """Colour the tokens so, and frame the selected one in the colour `frame`."""
        self._frame = QColor(frame)
        self._heat = look
        self.viewport().update()

    def colour_at(self, number: int) -> str | None:
        """The background, `#rrggbb`, of the token with this index in the answer, if it has one."""
        start, _ = self.run.span(number)
        for low, _, first, stop in self.run.cells(start, start + 1):
            if self._heat is not None and low == start:
                colour = self._heat.colour(self.run, first, stop)
                return colour.name() if colour else None
        return None

    def token_rect(self, number: int) -> QRectF:
        """Where the token with this index in the answer starts, in the viewport."""
        pieces = self._rects(number)
        return pieces[0] if pieces else QRectF()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End move the selection; with Shift they select text as usual."""
        plain = event.modifiers() in PLAIN and self.can_pick
        if plain and event.key() in STEPS and len(self.run):
            self.stepped.emit(STEPS[Qt.Key(event.key())])
        elif plain and event.key() in ENDS and self.selected is not None:
            start = event.key() == Qt.Key.Key_Home
            self.picked.emit(self.run.first() if start else self.run.last())
        elif plain and event.key() in LINES and self.selected is not None:
            self._change_line(self.selected, LINES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where, to tell a click from the selection of text."""
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click picks the token under it."""
        super().mouseReleaseEvent(event)
        moved = (event.position().toPoint() - self._pressed).manhattanLength()
        left = event.button() == Qt.MouseButton.LeftButton
        if not self.can_pick or not left or moved > QApplication.startDragDistance():
            return
        number = self._number_at(event.position())
        if number is not None:
            self.picked.emit(number)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the heat, the text over it, and a frame around the selected token."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._heat is not None:
            self._heat.paint(painter, QRectF(event.rect()), self.document(), self.run)
        painter.end()
        super().paintEvent(event)
        if self.selected is not None and self.can_pick:
            self._paint_frame(self.selected)

    def _paint_frame(self, number: int) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._frame, 2))
        for rect in self._rects(number):
            if rect.width():
                painter.drawRoundedRect(rect.adjusted(-1, 1, 1, -1), 4, 4)
            else:  # a token without a text, beside the one that follows
                painter.drawLine(rect.topLeft(), rect.bottomLeft())

    def _rects(self, number: int) -> list[QRectF]:
        return line_rects(self.document(), *self.run.span(number))

    def _number_at(self, point: QPointF) -> int | None:
        """The index in the answer of the token drawn at `point` of the viewport."""
        position = position_at(self.document(), point)
        return None if position is None else self.run.at(position)

    def _change_line(self, number: int, by: int) -> None:
        """Pick the token above or below this one."""
        here = self.token_rect(number)
        height = here.height() * LINE_HEIGHT_PERCENT / 100
        for lines in range(1, MOST_LINES):
            other = self._number_at(here.center() + QPointF(0, by * lines * height))
            if other is not None and self.token_rect(other).top() != here.top():
                self.picked.emit(other)
                return
