"""Writes Markdown into a document, block by block: the one place that makes rich text of a model's.

In: nodes of markdown-it. Out: text and formats through a cursor, never HTML and never a picture, so
that Qt has nothing to load.
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
from app.ui.chat.markdown_looks import Looks
from app.ui.chat.spans import shown

LINE_BREAK = "\u2028"
CELL_PADDING = 6
BULLETS = (
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
)
ALIGNED = {
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
    "text-align:right": Qt.AlignmentFlag.AlignRight,
}


class MarkdownWriter:
    """Writes at `cursor`, which stands in an empty block."""

    def __init__(self, cursor: QTextCursor, looks: Looks) -> None:
        self._cursor = cursor
        self._looks = looks
        self._fresh = True
        self._depth = 0
        self._quotes = 0

    def write(self, node: SyntaxTreeNode) -> None:
        """Write one block and what is in it; what is unknown is written as its text."""
        match node.type:
            case "heading":
                self._begin(self._looks.paragraph(self._depth, self._quotes))
                self._inline(_words(node), self._looks.heading(int(node.tag[1:])))
            case "fence" | "code_block":
                self._code(node.content, node.info.split(maxsplit=1)[0] if node.info else "")
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

    def begin_plain(self) -> None:
        """Begin a block of text that is not finished."""
        self._begin(self._looks.paragraph(0, 0))

    def _begin(self, look: QTextBlockFormat) -> None:
        """Begin a block, in the empty one if there is one."""
        if self._fresh:
            if self._below_table():
                look.setTopMargin(look.topMargin() + self._looks.gap)
            self._cursor.setBlockFormat(look)
        else:
            self._cursor.insertBlock(look)
        self._cursor.setBlockCharFormat(self._looks.plain)
        self._fresh = False

    def _below_table(self) -> bool:
        """Qt keeps no margin below a table."""
        before = self._cursor.block().previous()
        return before.isValid() and QTextCursor(before).currentTable() is not None

    def _say(self, text: str, look: QTextCharFormat) -> None:
        self._cursor.insertText(shown(text).replace("\n", LINE_BREAK), look)

    def _paragraph(self, node: SyntaxTreeNode, depth: int) -> None:
        self._begin(self._looks.paragraph(depth, self._quotes, tight=node.hidden))
        self._inline(_words(node), self._looks.plain)

    def _inline(self, nodes: Sequence[SyntaxTreeNode], look: QTextCharFormat) -> None:
        for node in nodes:
            match node.type:
                case "softbreak" | "hardbreak":
                    self._say("\n", look)
                case "code_inline":
                    self._say(node.content, self._looks.inline_code(look))
                case "em" | "strong" | "s":
                    self._inline(node.children, _emphasised(look, node.type))
                case "link":
                    self._inline(node.children, self._looks.link(look, str(node.attrs["href"])))
                case "image":
                    address = str(node.attrs["src"])
                    self._say(
                        f"[image: {node.content or address}]", self._looks.link(look, address)
                    )
                case _:
                    self._say(node.content, look)

    def _code(self, code: str, language: str) -> None:
        self._begin(self._looks.card(self._depth, self._quotes))
        for kind, text in pieces(code.removesuffix("\n"), language):
            self._say(text, self._looks.code(kind))

    def _list(self, node: SyntaxTreeNode) -> None:
        made: QTextList | None = None
        for item in node.children:
            parts = list(item.children)
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
        grid.setCellPadding(CELL_PADDING)
        grid.setCellSpacing(0)
        grid.setBorder(1)
        grid.setBorderCollapse(True)
        grid.setBorderBrush(self._looks.rule)
        grid.setBorderStyle(QTextTableFormat.BorderStyle.BorderStyle_Solid)
        return grid


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
