"""Where text lies in a laid out document, and what lies at a point; positions are UTF-16 units."""

from bisect import bisect_right
from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextLine, QTextTable


class Line:
    """One line of a laid out text; coordinates are the document's."""

    def __init__(self, block: QTextBlock, row: int, corner: QPointF) -> None:
        """`corner` is that of the block."""
        self._line = block.layout().lineAt(row)
        self._origin = block.position()
        self._left = corner.x()
        self.top = corner.y() + self._line.y()
        self.height = self._line.height()
        self.start = self._origin + self._line.textStart()
        self.end = self.start + self._line.textLength()
        self._shown_end = (
            self.end if row + 1 == block.layout().lineCount() else self._trimmed(block)
        )
        self._known, self._known_x = -1, 0.0

    def rect(self, start: int, end: int) -> QRectF:
        """What the text from `start` to `end`, cut to this line, covers.

        The white space at which a line was broken takes no room.
        """
        left, right = self._x(max(start, self.start)), self._x(end)
        if right < left:  # where it is read from right to left
            left, right = right, left
        return QRectF(left, self.top, right - left, self.height)

    def position_at(self, x: float) -> int | None:
        """The character at `x`; None beside the text."""
        inside = x - self._left
        if not -1 <= inside <= self._line.naturalTextRect().right():
            return None
        on = QTextLine.CursorPosition.CursorOnCharacter
        return self._origin + self._line.xToCursor(inside, on)

    def _trimmed(self, block: QTextBlock) -> int:
        """Where the line ends without the white space at which it was broken."""
        end = self.end
        while end > self.start and block.document().characterAt(end - 1).isspace():
            end -= 1
        return end

    def _x(self, position: int) -> float:
        """Where a position lies; the last answer is kept, since one token begins where one ends."""
        if position > self._shown_end:
            position = self._shown_end
        if position != self._known:
            at: tuple[float, int] = self._line.cursorToX(position - self._origin)  # pyright: ignore[reportAssignmentType]
            self._known, self._known_x = position, self._left + at[0]
        return self._known_x


def line_rects(document: QTextDocument, start: int, end: int) -> list[QRectF]:
    """The rectangles that the text from `start` to `end` covers, at least one, one per line."""
    found: list[QRectF] = []
    block = document.findBlock(start)
    row = block.layout().lineForTextPosition(start - block.position()).lineNumber()
    for line in _lines_from(block, max(row, 0)):
        if line.start > end:
            break
        low, high = max(start, line.start), min(end, line.end)
        if low < high or start == end:
            found.append(line.rect(low, high))
    return [rect for rect in found if rect.width() > 0] or found[:1]


def line_top(document: QTextDocument, position: int) -> float:
    """Where the line with this position begins, or the last one for a position behind it."""
    block = document.findBlock(min(position, document.characterCount() - 1))
    row = block.layout().lineForTextPosition(position - block.position())
    return block_rect(block).y() + (row.y() if row.isValid() else 0)


def lines_in(document: QTextDocument, top: float, bottom: float) -> Iterator[Line]:
    """The lines between two heights, and the one before them."""
    for block in _blocks_from(_first_of_row(_block_at(document, QPointF(0, top))), bottom):
        corner = block_rect(block).topLeft()
        for row in range(_row_at(block, top - corner.y()), block.layout().lineCount()):
            line = Line(block, row, corner)
            if line.top > bottom:
                break
            yield line


def blocks_in(document: QTextDocument, top: float, bottom: float) -> Iterator[QTextBlock]:
    """The paragraphs between two heights, and the ones that touch them."""
    block = _block_at(document, QPointF(0, top))
    return _blocks_from(block.previous() if block.previous().isValid() else block, bottom)


def position_at(document: QTextDocument, point: QPointF) -> int | None:
    """The character under `point`, or in the gap below it; None beside the text."""
    block = _block_at(document, point)
    if not block.layout().lineCount():
        return None
    corner = block_rect(block).topLeft()
    return Line(block, _row_at(block, point.y() - corner.y()), corner).position_at(point.x())


def block_rect(block: QTextBlock) -> QRectF:
    """What a paragraph covers, wherever it is; its layout knows only where in a cell of a table."""
    return block.document().documentLayout().blockBoundingRect(block)


def _blocks_from(block: QTextBlock, bottom: float) -> Iterator[QTextBlock]:
    while block.isValid() and block_rect(block).y() <= bottom:
        yield block
        block = block.next()


def _lines_from(block: QTextBlock, row: int) -> Iterator[Line]:
    while block.isValid():
        corner = block_rect(block).topLeft()
        for place in range(row, block.layout().lineCount()):
            yield Line(block, place, corner)
        block, row = block.next(), 0


def _block_at(document: QTextDocument, point: QPointF) -> QTextBlock:
    """The paragraph at a point, or the one above the gap there."""
    position = document.documentLayout().hitTest(point, Qt.HitTestAccuracy.FuzzyHit)
    block = document.findBlock(max(position, 0))
    if _table_of(block) is not None:
        return block
    while block.next().isValid() and block_rect(block.next()).y() <= point.y():
        block = block.next()
    while block.previous().isValid() and block_rect(block).y() > point.y():
        block = block.previous()
    return block


def _first_of_row(block: QTextBlock) -> QTextBlock:
    """In a table, the paragraph in the first cell of the same row, which is as high up."""
    table = _table_of(block)
    if table is None:
        return block
    row = table.cellAt(block.position()).row()
    return table.cellAt(row, 0).firstCursorPosition().block()


def _table_of(block: QTextBlock) -> QTextTable | None:
    if not block.document().rootFrame().childFrames():
        return None
    return QTextCursor(block).currentTable()


def _row_at(block: QTextBlock, inside: float) -> int:
    """The last row of `block` that begins above a height in it, or its first."""
    layout = block.layout()
    rows = range(layout.lineCount())
    return max(bisect_right(rows, inside, key=lambda row: layout.lineAt(row).y()) - 1, 0)
