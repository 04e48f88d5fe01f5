"""An answer as it is meant to be read: its Markdown rendered, block by block as each is finished.

In: text as it grows. What is not finished yet stands below as plain text; a finished block is
written once. Out: `copied` with the address of a link, which is all that a link does.
"""

from html import escape

from PySide6.QtCore import QPointF, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QCursor, QGuiApplication, QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QToolTip

from app.ui.chat.geometry import blocks_in
from app.ui.chat.markdown import blocks
from app.ui.chat.markdown_looks import CARD, CARD_PADDING, GAP, INDENT, QUOTES, RULE, Looks
from app.ui.chat.markdown_writer import MarkdownWriter
from app.ui.chat.page import PageText
from app.ui.chat.spans import Utf16Map, Waymarks, shown
from app.ui.theme.palette import Theme
from app.ui.widgets import fixed_font

PARSE_AGAIN = 1.125  # times the length of an unfinished block that was looked at before
RADIUS = 8


class MarkdownText(PageText):
    """The rendered text of an answer."""

    copied = Signal(str)

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__(name)
        self._theme = theme
        self._begin()
        self.document().setIndentWidth(INDENT)
        self.setTextInteractionFlags(
            self.textInteractionFlags()
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.anchorClicked.connect(self._copy)
        self.highlighted.connect(self._tell)

    def extend(self, text: str, *, ended: bool = False) -> None:
        """Add text; with `ended` there will be no more."""
        self._map.append(text)
        self._source += text
        rest = len(self._source) - self._rendered
        if ended or ("\n" in text and rest >= self._look_at):
            self._settle(ended=ended)
        else:
            self._add_plain(text)

    def recolour(self, theme: Theme) -> None:
        """Write everything anew in the colours of a theme."""
        source, ended = self._source, self._ended
        self._theme = theme
        self.clear()
        self._begin()
        self.extend(source, ended=ended)

    def position_at_height(self, y: int) -> int:
        """Where in the source the line at this height begins, in UTF-16 units."""
        return self._marks.source(super().position_at_height(y))

    def height_at_position(self, position: int) -> int:
        """Where the line of this position in the source begins, in pixels."""
        return super().height_at_position(self._marks.document(position))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw cards behind code and bars beside quotations, then the text."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        for block in blocks_in(self.document(), area.top(), area.bottom()):
            look, rect = block.blockFormat(), block.layout().boundingRect()
            rect.translate(block.layout().position())
            if look.property(CARD):
                self._paint_card(painter, rect)
            if look.property(RULE):
                painter.fillRect(QRectF(0, rect.top() + GAP, self.width(), 1), self._line)
            for quote in range(look.property(QUOTES) or 0):
                self._paint_bar(painter, rect, quote)
        painter.end()
        super().paintEvent(event)

    def _begin(self) -> None:
        self._line = QColor(self._theme.line)
        self._map = Utf16Map()
        self._marks = Waymarks()
        self._source = ""
        self._rendered = 0
        self._tail = 0
        self._look_at = 0.0
        self._ended = False

    def _settle(self, *, ended: bool) -> None:
        """Write the blocks that are finished in the place of their plain text."""
        self._ended = ended
        rest = self._source[self._rendered :]
        found = blocks(rest)
        finished = found if ended else found[:-1]
        cursor = self._cursor_at(self._tail)
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        writer = MarkdownWriter(cursor, self._looks())
        for block in finished:
            self._marks.append(self._map.units(self._rendered + block.start), cursor.position())
            writer.write(block.node)
        begin = self._rendered + (found[-1].start if found else 0)
        self._rendered = len(self._source) if ended else begin
        if not ended:
            writer.begin_plain()
        self._tail = cursor.position()
        self._marks.append(self._map.units(self._rendered), self._tail)
        cursor.insertText(shown(self._source[self._rendered :]), self._looks().plain)
        cursor.endEditBlock()
        self._look_at = (len(self._source) - self._rendered) * PARSE_AGAIN

    def _add_plain(self, text: str) -> None:
        cursor = self._cursor_at(self._tail)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(shown(text), self._looks().plain)

    def _cursor_at(self, position: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        return cursor

    def _looks(self) -> Looks:
        return Looks(self._theme, self.font(), fixed_font(self))

    def _paint_card(self, painter: QPainter, rect: QRectF) -> None:
        card = rect.adjusted(-CARD_PADDING, -CARD_PADDING, 0, CARD_PADDING)
        card.setRight(self.viewport().width() - 1)
        painter.setPen(self._line)
        painter.setBrush(QColor(self._theme.surface))
        painter.drawRoundedRect(card.translated(QPointF(0.5, 0.5)), RADIUS, RADIUS)

    def _paint_bar(self, painter: QPainter, rect: QRectF, place: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.track))
        painter.drawRect(QRectF(place * INDENT + 4, rect.top(), 3, rect.height()))

    def _copy(self, address: QUrl) -> None:
        """A link opens nothing: its address goes where the person can look at it first."""
        text = address.toString()
        QGuiApplication.clipboard().setText(text)
        QToolTip.showText(QCursor.pos(), "Address copied", self)
        self.copied.emit(text)

    def _tell(self, address: QUrl) -> None:
        if address.isEmpty():
            QToolTip.hideText()
        else:
            words = escape(f"Click to copy {address.toString()}")
            QToolTip.showText(QCursor.pos(), f"<qt>{words}</qt>", self)
