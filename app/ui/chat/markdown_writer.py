"""Writes Markdown into a document, block by block: the one place that makes rich text of a model's.

In: nodes of markdown-it. Out: text and formats through a cursor, never HTML and never a picture, so
that Qt has nothing to load; and where each stretch of the source came to lie.
"""

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextList,
    QTextListFormat,
    QTextTableFormat,
)

from app.ui.chat.code import pieces
from app.ui.chat.markdown import is_aligned
from app.ui.chat.markdown_looks import Looks
from app.ui.chat.source_map import Piece, image_text
from app.ui.chat.spans import Utf16Map, shown

LINE_BREAK = "\u2028"
CELL_PADDING = 6
CONTAINERS = ("blockquote", "bullet_list", "ordered_list")
"""What is shown as it was written only part by part."""
BULLETS = (
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
)
ALIGNED = {
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
    "text-align:right": Qt.AlignmentFlag.AlignRight,
}


Placed = tuple[int, int, int, int]


class MarkdownWriter:
    """Writes what `source` became at `cursor`, which stands in an empty block.

    `placed` tells which code points of the source became which UTF-16 units of the document. Where
    that is not certain, coloured looks show a block as it was written.
    """

    def __init__(self, cursor: QTextCursor, looks: Looks, source: str) -> None:
        self.placed: list[Placed] = []
        self._source = source
        self._cursor = cursor
        self._looks = looks
        self._fresh = True
        self._depth = 0
        self._quotes = 0

    def write(self, node: SyntaxTreeNode) -> None:
        """Write one block and what is in it; what is unknown is written as its text."""
        if node.type not in CONTAINERS and self._is_unsure(node):
            self._as_written(node)
            return
        match node.type:
            case "heading":
                self._begin(self._looks.paragraph(self._depth, self._quotes))
                self._inline(_words(node), self._looks.heading(int(node.tag[1:])))
            case "fence" | "code_block":
                self._code(node)
            case "bullet_list" | "ordered_list":
                self._list(node)
            case "blockquote":
                self._quotes += 1
                for child in node.children:
                    self.write(child)
                self._quotes -= 1
            case "table":
                self._table(node)
            case "hr":
                self._begin(self._looks.ruled(self._quotes))
            case "paragraph":
                self._paragraph(node, self._depth)
            case _:
                self._begin(self._looks.paragraph(self._depth, self._quotes))
                self._say(node.content, self._looks.plain)

    def plain(self, start: int) -> int:
        """Write the source from here on as text, which is not finished; return where it begins."""
        self._begin(self._looks.paragraph(0, 0))
        begin = self._cursor.position()
        self._copy(start, len(self._source), "\n")
        return begin

    def _is_unsure(self, node: SyntaxTreeNode) -> bool:
        return self._looks.coloured and not is_aligned(node)

    def _as_written(self, node: SyntaxTreeNode) -> None:
        self._begin(self._looks.as_written(self._depth, self._quotes))
        self._copy(*node.meta["span"])

    def _copy(self, start: int, end: int, line_break: str = LINE_BREAK) -> None:
        text = self._source[start:end]
        self._say(text, self._looks.plain, [Piece(0, end - start, start, end)], line_break)

    def _begin(self, look: QTextBlockFormat) -> None:
        """Begin a block, in the empty one if there is one."""
        if self._fresh:
            self._cursor.setBlockFormat(look)
        else:
            self._cursor.insertBlock(look)
        self._cursor.setBlockCharFormat(self._looks.plain)
        self._fresh = False

    def _say(
        self,
        text: str,
        look: QTextCharFormat,
        origin: Sequence[Piece] = (),
        line_break: str = LINE_BREAK,
    ) -> None:
        """Write a text with where its pieces came from."""
        self._place(text, origin)
        self._cursor.insertText(shown(text).replace("\n", line_break), look)

    def _place(self, text: str, origin: Sequence[Piece]) -> None:
        """Note where pieces of a text that is about to be written will lie."""
        at, units = self._cursor.position(), Utf16Map()
        units.append(text)
        for piece in origin:
            low, high = units.units(piece.low), units.units(piece.high)
            self.placed.append((piece.start, piece.end, at + low, at + high))

    def _paragraph(self, node: SyntaxTreeNode, depth: int) -> None:
        self._begin(self._looks.paragraph(depth, self._quotes, tight=node.hidden))
        self._inline(_words(node), self._looks.plain)

    def _inline(self, nodes: Sequence[SyntaxTreeNode], look: QTextCharFormat) -> None:
        for node in nodes:
            match node.type:
                case "softbreak" | "hardbreak":
                    self._say("\n", look, _origin(node))
                case "code_inline":
                    self._say(node.content, self._looks.inline_code(look), _origin(node))
                case "em" | "strong" | "s":
                    self._inline(node.children, _emphasised(look, node.type))
                case "link":
                    self._inline(node.children, self._looks.link(look, str(node.attrs["href"])))
                case "image":
                    address = str(node.attrs["src"])
                    text = image_text(node.content, address)
                    self._say(text, self._looks.link(look, address), _origin(node))
                case _:
                    self._say(node.content, look, _origin(node))

    def _code(self, node: SyntaxTreeNode) -> None:
        self._begin(self._looks.card(self._depth, self._quotes))
        code = node.content.removesuffix("\n")
        self._place(code, _origin(node))
        for kind, text in pieces(code, node.info.split(maxsplit=1)[0] if node.info else ""):
            self._say(text, self._looks.code(kind))

    def _list(self, node: SyntaxTreeNode) -> None:
        made: QTextList | None = None
        for item in node.children:
            parts = list(item.children)
            if self._is_unsure(item):
                self._as_written(item)
                continue
            if parts and parts[0].type == "paragraph":
                self._paragraph(parts.pop(0), 0)
            else:
                self._begin(self._looks.paragraph(0, self._quotes, tight=True))
            if made is None:
                made = self._cursor.createList(self._marks(node))
            else:
                made.add(self._cursor.block())
            self._depth += 1
            for child in parts:
                self.write(child)
            self._depth -= 1
        if self._depth == 0 and not self._fresh:
            end = QTextBlockFormat()
            end.setBottomMargin(self._looks.gap)
            self._cursor.mergeBlockFormat(end)

    def _marks(self, node: SyntaxTreeNode) -> QTextListFormat:
        marks = QTextListFormat()
        marks.setIndent(self._depth + 1)
        if node.type == "ordered_list":
            marks.setStyle(QTextListFormat.Style.ListDecimal)
            marks.setStart(int(node.attrs.get("start", 1)))
        else:
            marks.setStyle(BULLETS[min(self._depth, len(BULLETS) - 1)])
        return marks

    def _table(self, node: SyntaxTreeNode) -> None:
        rows = [row for part in node.children for row in part.children]
        self._begin(self._looks.sliver())  # Qt wants a block before a table
        table = self._cursor.insertTable(len(rows), len(rows[0].children), self._grid())
        for place, row in enumerate(rows):
            for column, cell in enumerate(row.children):
                self._cell(table.cellAt(place, column).firstCursorPosition(), cell)
        self._cursor.setPosition(table.lastPosition() + 1)
        self._fresh = True

    def _cell(self, cursor: QTextCursor, cell: SyntaxTreeNode) -> None:
        look = QTextBlockFormat()
        look.setAlignment(ALIGNED.get(str(cell.attrs.get("style")), Qt.AlignmentFlag.AlignLeft))
        cursor.setBlockFormat(look)
        plain = self._looks.plain
        outer, self._cursor = self._cursor, cursor
        self._inline(_words(cell), _emphasised(plain, "strong") if cell.tag == "th" else plain)
        self._cursor = outer

    def _grid(self) -> QTextTableFormat:
        grid = QTextTableFormat()
        grid.setCellPadding(CELL_PADDING + self._looks.number_room / 2)
        grid.setCellSpacing(0)
        grid.setBottomMargin(self._looks.gap)
        grid.setBorder(1)
        grid.setBorderCollapse(True)
        grid.setBorderBrush(self._looks.rule)
        grid.setBorderStyle(QTextTableFormat.BorderStyle.BorderStyle_Solid)
        return grid


def _origin(node: SyntaxTreeNode) -> Sequence[Piece]:
    return node.meta.get("origin", ())


def _words(node: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """The inline nodes of a block that holds words; a cell may hold none."""
    return node.children[0].children if node.children else ()


def _emphasised(look: QTextCharFormat, how: str) -> QTextCharFormat:
    made = QTextCharFormat(look)
    match how:
        case "em":
            made.setFontItalic(True)
        case "strong":
            made.setFontWeight(QFont.Weight.Bold)
        case _:
            made.setFontStrikeOut(True)
    return made
