"""Plain text of which every token has a colour and can be picked by mouse or keyboard.

In: text as it grows, with its token records. Out: which token was picked. Nothing is ever laid out
anew but the paragraph that grew: colours are format ranges beside the text.
"""

from bisect import bisect_left
from math import ceil

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextLayout,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QTextEdit

from app.domain.tokens import TokenRecord
from app.ui.chat.geometry import line_rects, position_at
from app.ui.chat.heat import HeatFormats, format_range, steps
from app.ui.chat.spans import SpanIndex, Utf16Map, shown
from app.ui.widgets import name_scroll_bars

LINE_HEIGHT_PERCENT = 140.0
PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
LINES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class TokenText(QTextEdit):
    """The text of one channel of an answer.

    `picked` carries a token's index in the answer, `stepped` -1 or 1 towards a neighbour.
    """

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._map = Utf16Map()
        self._spans = SpanIndex()
        self._steps: list[int] = []
        self._numbers: list[int] = []
        self._ranges: list[QTextLayout.FormatRange] = []
        self._ranges_of = 0
        self._selected: int | None = None
        self._pressed = QPoint()
        self._formats: HeatFormats | None = None
        self._frame = QColor()
        self._set_up(name)

    @property
    def token_count(self) -> int:
        """How many tokens the text holds."""
        return len(self._spans)

    @property
    def selected(self) -> int | None:
        """The index in the answer of the framed token."""
        return None if self._selected is None else self._numbers[self._selected]

    def extend(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Add text; `first` is the index in the answer of the first of `tokens`."""
        known = len(self._spans)
        self._map.append(text)
        for number, token in enumerate(tokens, first):
            self._spans.append(self._map.units(token.start), self._map.units(token.end))
            self._numbers.append(number)
        self._steps += steps(tokens)
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        cursor.insertText(shown(text))
        self._colour_from(known)
        cursor.endEditBlock()

    def holds(self, number: int) -> bool:
        """Whether the token with this index in the answer belongs to this text."""
        position = bisect_left(self._numbers, number)
        return position < len(self._numbers) and self._numbers[position] == number

    def first(self) -> int | None:
        """The index in the answer of the first token here."""
        return self._numbers[0] if self._numbers else None

    def select(self, number: int | None) -> None:
        """Frame the token with this index in the answer, if it is here."""
        index = None
        if number is not None and self.holds(number):
            index = bisect_left(self._numbers, number)
        if index != self._selected:
            self._selected = index
            self.viewport().update()

    def recolour(self, formats: HeatFormats, frame: str) -> None:
        """Colour tokens with `formats`, and frame the selected one in the colour `frame`."""
        self._formats = formats
        self._frame = QColor(frame)
        self._ranges = []
        self._colour_from(0)

    def colour_at(self, number: int) -> str | None:
        """The background, `#rrggbb`, of the token with this index in the answer, if it has one."""
        start = self._spans.span(bisect_left(self._numbers, number))[0]
        block = self.document().findBlock(start)
        for part in block.layout().formats():
            if part.start <= start - block.position() < part.start + part.length:
                brush = part.format.background()
                return None if brush.style() is Qt.BrushStyle.NoBrush else brush.color().name()
        return None

    def token_rect(self, number: int) -> QRectF:
        """Where the token with this index in the answer starts, in the viewport."""
        pieces = self._rects(bisect_left(self._numbers, number))
        return pieces[0] if pieces else QRectF()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End move the selection; with Shift they select text as usual."""
        plain = event.modifiers() in PLAIN
        if plain and event.key() in STEPS and len(self._spans):
            self.stepped.emit(STEPS[Qt.Key(event.key())])
        elif plain and event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and len(self._spans):
            self.picked.emit(self._numbers[0 if event.key() == Qt.Key.Key_Home else -1])
        elif plain and event.key() in LINES and self._selected is not None:
            self._change_line(LINES[Qt.Key(event.key())])
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
        if not left or moved > QApplication.startDragDistance():
            return
        number = self._number_at(event.position())
        if number is not None:
            self.picked.emit(number)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, and a frame around the selected token."""
        super().paintEvent(event)
        if self._selected is None:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._frame, 2))
        for rect in self._rects(self._selected):
            painter.drawRoundedRect(rect.adjusted(-1, 1, 1, -1), 4, 4)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The conversation scrolls, not its parts."""
        event.ignore()

    def _set_up(self, name: str) -> None:
        self.setAccessibleName(name)
        self.setProperty("kind", "tokens")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setCursorWidth(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        name_scroll_bars(self, name)
        self.document().setDocumentMargin(2)
        self._space_lines()
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _space_lines(self) -> None:
        spacing = QTextBlockFormat()
        proportional = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        spacing.setLineHeight(LINE_HEIGHT_PERCENT, proportional)
        QTextCursor(self.document()).setBlockFormat(spacing)

    def _fit(self) -> None:
        """Be as high as the text without the line breaks at its end."""
        last = self.document().lastBlock()
        while last.length() == 1 and last.previous().isValid():
            last = last.previous()
        bottom = self.document().documentLayout().blockBoundingRect(last).bottom()
        self.setFixedHeight(ceil(bottom + self.document().documentMargin()))

    def _colour_from(self, index: int) -> None:
        """Colour token `index` and all that follow; the ranges before it stay as they are."""
        if index >= len(self._spans) or self._formats is None:
            return
        start = self._spans.span(index)[0]
        block = self.document().findBlock(start)
        while block.isValid():
            self._colour(block, index, self._formats)
            block = block.next()
        self.document().markContentsDirty(start, self.document().characterCount() - start)

    def _colour(self, block: QTextBlock, first: int, formats: HeatFormats) -> None:
        origin, end = block.position(), block.position() + block.length()
        kept = self._ranges if block.blockNumber() == self._ranges_of else []
        index = max(first, self._spans.first_after(origin))
        fresh: list[QTextLayout.FormatRange] = []
        while index < len(self._spans) and self._spans.span(index)[0] < end:
            start, stop = self._spans.span(index)
            part = (max(start, origin), min(stop, end))
            fresh.append(format_range(origin, *part, formats[self._steps[index]]))
            index += 1
        self._ranges, self._ranges_of = kept + fresh, block.blockNumber()
        block.layout().setFormats(self._ranges)

    def _rects(self, index: int) -> list[QRectF]:
        return line_rects(self.document(), *self._spans.span(index))

    def _number_at(self, point: QPointF) -> int | None:
        """The index in the answer of the token drawn at `point` of the viewport."""
        position = position_at(self.document(), point)
        index = None if position is None else self._spans.at(position)
        return None if index is None else self._numbers[index]

    def _change_line(self, by: int) -> None:
        """Pick the token above or below the selected one."""
        rects = self._rects(self._selected or 0)
        if rects:
            spacing = rects[0].height() * LINE_HEIGHT_PERCENT / 100
            number = self._number_at(rects[0].center() + QPointF(0, by * spacing))
            if number is not None:
                self.picked.emit(number)
