"""Where text lies in a laid out document, and what lies at a point; positions are UTF-16 units."""

from typing import cast

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTextBlock, QTextDocument, QTextLine


def line_rects(document: QTextDocument, start: int, end: int) -> list[QRectF]:
    """The rectangles that the text from `start` to `end` covers, one per line."""
    found: list[QRectF] = []
    block = document.findBlock(start)
    while block.isValid() and block.position() <= end:
        found += _block_rects(block, start, end)
        block = block.next()
    return found


def position_at(document: QTextDocument, point: QPointF) -> int | None:
    """The character under `point`, or in the gap below it; None beside the text."""
    block = document.firstBlock()
    while block.next().isValid() and block.next().layout().position().y() <= point.y():
        block = block.next()
    inside = point - block.layout().position()
    line = _line_over(block, inside.y())
    if line is None or not -1 <= inside.x() <= line.naturalTextRect().right():
        return None
    column = line.xToCursor(inside.x(), QTextLine.CursorPosition.CursorOnCharacter)
    return block.position() + column


def _line_over(block: QTextBlock, y: float) -> QTextLine | None:
    """The last line of `block` that begins above `y`."""
    layout = block.layout()
    over = [row for row in range(layout.lineCount()) if layout.lineAt(row).y() <= y]
    return layout.lineAt(over[-1]) if over else None


def _block_rects(block: QTextBlock, start: int, end: int) -> list[QRectF]:
    layout, origin = block.layout(), block.position()
    first, last = max(start - origin, 0), min(end - origin, block.length() - 1)
    found: list[QRectF] = []
    for row in range(layout.lineCount()):
        line = layout.lineAt(row)
        low, high = max(first, line.textStart()), min(last, line.textStart() + line.textLength())
        if low < high or (start == end and low == high):
            left, right = _x(line, low), _x(line, high)
            found.append(QRectF(left, line.y(), right - left, line.height()))
    return [rect.translated(layout.position()) for rect in found]


def _x(line: QTextLine, column: int) -> float:
    return cast(tuple[float, int], line.cursorToX(column))[0]
