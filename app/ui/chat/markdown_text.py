"""An answer as it is meant to be read: its Markdown rendered, block by block as each is finished.

In: text as it grows, with its token records. What is not finished yet stands below as plain text; a
finished block is written once. With colours every token is where its characters are, and what has
no certain place is shown as it was written. Out: which token was picked; without colours `copied`
with the address of a link, which is all that a link does.
"""

from html import escape

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QGuiApplication,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QToolTip

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.chat.geometry import block_rect, blocks_in
from app.ui.chat.heat import Heat
from app.ui.chat.markdown import blocks
from app.ui.chat.markdown_looks import (
    AS_WRITTEN,
    CAPTION_HEIGHT,
    CARD,
    CARD_PADDING,
    GAP,
    INDENT,
    QUOTES,
    RULE,
    Looks,
)
from app.ui.chat.markdown_writer import MarkdownWriter
from app.ui.chat.run import TokenRun
from app.ui.chat.spans import SourceMap, SpanIndex, Utf16Map, shown
from app.ui.chat.token_page import TokenPage
from app.ui.theme.palette import Theme
from app.ui.widgets import fixed_font

PARSE_AGAIN = 1.125  # times the length of an unfinished block that was looked at before
RADIUS = 8
CAPTION = "As it was written"
CAPTION_SCALE = 0.75  # times the size of the text
WHY = "Which token each character of this part belongs to is not certain once it is rendered"
LINKS = (
    Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
)


class MarkdownText(TokenPage):
    """The rendered text of an answer."""

    copied = Signal(str)

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__(name)
        self._look = Heat(HeatMode.NOTHING, theme, theme.window)
        self._ended = False
        self._begin()
        self.document().setIndentWidth(INDENT)
        self.setTextInteractionFlags(self.textInteractionFlags() | LINKS)
        self.anchorClicked.connect(self._copy)
        self.highlighted.connect(self._tell)

    @property
    def can_pick(self) -> bool:
        """Without colours a click is for links."""
        return self._look.mode is not HeatMode.NOTHING

    def end(self) -> None:
        """There will be no more text."""
        self._ended = True
        self._settle()

    def recolour(self, look: Heat, frame: str) -> None:
        """Colour the tokens so; in another theme or without colours write everything anew."""
        before, self._look = self._look, look
        super().recolour(look, frame)
        if _formats(before) != _formats(look):
            plain = self.textInteractionFlags() & ~LINKS
            self.setTextInteractionFlags(plain if self.can_pick else plain | LINKS)
            self.clear()
            self._begin()
            self._add("".join(text for text, _, _ in self.parts))
            for _, tokens, first in self.parts:
                self._take(tokens, first)

    def source_at(self, y: int) -> int:
        """Where in the source the line at this height begins, in UTF-16 units."""
        return self._places.source(self.position_at_height(y))

    def height_of(self, position: int) -> int:
        """Where the line of this position in the source begins, in pixels."""
        return self.height_at_position(self._places.document(position))

    def event(self, event: QEvent) -> bool:
        """Say why a part is shown as it was written."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            block = self.cursorForPosition(event.pos()).block()
            said = block.blockFormat().property(AS_WRITTEN)
            QToolTip.showText(event.globalPos(), WHY if said else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw cards behind code and bars beside quotations, then the text."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        for block in blocks_in(self.document(), area.top(), area.bottom()):
            look, rect = block.blockFormat(), block_rect(block)
            if below := look.property(AS_WRITTEN):
                self._paint_caption(painter, rect.translated(0, rect.height() + below))
            if look.property(CARD):
                self._paint_card(painter, rect)
            if look.property(RULE):
                painter.fillRect(QRectF(0, rect.top() + GAP, self.width(), 1), self._line)
            for quote in range(look.property(QUOTES) or 0):
                self._paint_bar(painter, rect, quote)
        painter.end()
        super().paintEvent(event)

    def _begin(self) -> None:
        self.run = TokenRun()
        self._line = QColor(self._look.theme.line)
        self._map = Utf16Map()
        self._places = SourceMap()
        self._places.append(0, 0, 0, 0)
        self._spans = SpanIndex()
        self._source = ""
        self._rendered = 0
        self._tail = 0
        self._look_at = 0.0

    def _write(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        self._add(text)
        self._take(tokens, first)

    def _add(self, text: str) -> None:
        self._map.append(text)
        self._source += text
        rest = len(self._source) - self._rendered
        if self._ended or ("\n" in text and rest >= self._look_at):
            self._settle()
        else:
            self._add_plain(text)

    def _take(self, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Note where tokens lie whose text is there, or will be laid anew."""
        count = len(self.run)
        self._spans.extend(self._map.spans(tokens))
        self.run.extend(tokens, first, ())
        self._lay(count)

    def _settle(self) -> None:
        """Write the blocks that are finished in the place of their plain text."""
        begin, rest = self._rendered, self._source[self._rendered :]
        found = blocks(rest)
        finished = found if self._ended else found[:-1]
        cursor = self._cursor_at(self._tail)
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        writer = MarkdownWriter(cursor, self._looks(), rest)
        for node in finished:
            writer.write(node)
        self._tail = cursor.position()
        if self._ended:
            self._rendered = len(self._source)
        else:
            open_at = found[-1].meta["span"][0] if found else 0
            self._rendered += open_at
            self._tail = writer.plain(open_at)
        cursor.endEditBlock()
        self._lay_anew(begin, writer)
        self._look_at = (len(self._source) - self._rendered) * PARSE_AGAIN

    def _lay_anew(self, begin: int, writer: MarkdownWriter) -> None:
        """Note where what was written lies, and its tokens."""
        units = self._map.units
        self._places.cut(units(begin))
        for start, end, low, high in writer.placed:
            self._places.append(units(begin + start), units(begin + end), low, high)
        self._lay(self._spans.first_after(units(begin)))

    def _lay(self, place: int) -> None:
        """Lay the tokens from this place on, and those before that share a sign with them."""
        spans = self._places.spans(self._spans.rest(place))
        while place and spans and self.run.end_before(place) > spans[0][0]:
            place -= 1
            spans = self._places.spans(self._spans.rest(place))
        self.run.lay_anew(place, spans)

    def _add_plain(self, text: str) -> None:
        cursor = self._cursor_at(self._tail)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = cursor.position()
        cursor.insertText(shown(text), self._looks().plain)
        self._places.grow(cursor.position() - before)

    def _cursor_at(self, position: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        return cursor

    def _looks(self) -> Looks:
        look = self._look
        return Looks(
            look.theme,
            self.font(),
            fixed_font(self),
            coloured=self.can_pick,
            numbered=look.has_numbers,
        )

    def _paint_caption(self, painter: QPainter, rect: QRectF) -> None:
        """Say that the part above is shown as it was written."""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * CAPTION_SCALE)
        painter.setFont(font)
        painter.setPen(QColor(self._look.theme.muted))
        rect.setHeight(CAPTION_HEIGHT)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, CAPTION)

    def _paint_card(self, painter: QPainter, rect: QRectF) -> None:
        card = rect.adjusted(-CARD_PADDING, -CARD_PADDING, 0, CARD_PADDING)
        card.setRight(self.viewport().width() - 1)
        painter.setPen(self._line)
        painter.setBrush(QColor(self._look.theme.surface))
        painter.drawRoundedRect(card.translated(QPointF(0.5, 0.5)), RADIUS, RADIUS)

    def _paint_bar(self, painter: QPainter, rect: QRectF, place: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._look.theme.track))
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


def _formats(look: Heat) -> tuple[Theme, bool, bool]:
    """What the formats of the text depend on."""
    return look.theme, look.mode is HeatMode.NOTHING, look.has_numbers
