"""Draws one entry of the list of chats: a heading, or a title with what a search found under it."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.domain.chats import TITLE_LENGTH, Snippet
from app.ui.sidebar.list_model import ENTRY
from app.ui.theme.palette import Theme
from app.ui.viewmodels.chat_list import ChatEntry, Heading

ROW_HEIGHT = 34
HEADING_HEIGHT = 32
DETAIL_HEIGHT = 20
INSET = 10
RADIUS = 8
SMALL = 0.88

Index = QModelIndex | QPersistentModelIndex


class ChatDelegate(QStyledItemDelegate):
    """Wears the colours of `theme`."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Headings stand apart; a found piece of text takes a second line."""
        entry = index.data(ENTRY)
        if isinstance(entry, Heading):
            return QSize(0, HEADING_HEIGHT)
        return QSize(0, ROW_HEIGHT + (DETAIL_HEIGHT if entry.detail else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the entry at this place."""
        entry = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(entry, Heading):
            self._draw_heading(painter, option, entry)
        else:
            self._draw_chat(painter, option, entry)
        painter.restore()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        """A field over the title."""
        editor = QLineEdit(parent)
        editor.setObjectName("rename")
        editor.setAccessibleName("Title of the chat")
        editor.setMaxLength(TITLE_LENGTH)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Cover the title's line."""
        place = _rect(option)
        place.setHeight(ROW_HEIGHT)
        editor.setGeometry(place.adjusted(0, 1, 0, -1))

    def _draw_heading(
        self, painter: QPainter, option: QStyleOptionViewItem, heading: Heading
    ) -> None:
        painter.setFont(_small(option))
        painter.setPen(QColor(self.theme.muted))
        place = _rect(option).adjusted(INSET, 0, -INSET, -5)
        bottom = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, bottom, heading.text)

    def _draw_chat(self, painter: QPainter, option: QStyleOptionViewItem, entry: ChatEntry) -> None:
        self._draw_ground(painter, option, entry)
        place = _rect(option).adjusted(INSET, 0, -INSET, 0)
        title = QRect(place.left(), place.top(), place.width(), ROW_HEIGHT)
        painter.setPen(QColor(self.theme.text))
        _draw_line(painter, title, entry.title, option.font)
        if entry.detail:
            below = QRect(title.left(), title.bottom() - 5, title.width(), DETAIL_HEIGHT)
            painter.setPen(QColor(self.theme.muted))
            _draw_line(painter, below, entry.detail, _small(option))

    def _draw_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, entry: ChatEntry
    ) -> None:
        """The open chat lies on a card, the one that the keys are at has a frame."""
        states = QStyle.StateFlag
        focused = states.State_HasFocus in option.state and states.State_Selected in option.state
        hovered = states.State_MouseOver in option.state
        theme = self.theme
        ground = theme.surface if entry.is_open else theme.bubble if hovered else None
        frame = theme.accent if focused else theme.line if entry.is_open else None
        painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(frame) if frame else Qt.PenStyle.NoPen)
        card = QRectF(_rect(option)).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(card, RADIUS, RADIUS)


def _draw_line(painter: QPainter, place: QRect, snippet: Snippet, font: QFont) -> None:
    """One line of text with its marks in bold, cut at the end where it is too long."""
    plain, bold = QFontMetrics(font), QFont(font)
    bold.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    right = place.right()
    for text, marked in _pieces(snippet):
        metrics = QFontMetrics(bold) if marked else plain
        painter.setFont(bold if marked else font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - place.left())
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, middle | Qt.TextFlag.TextSingleLine, shown)
        place = place.adjusted(metrics.horizontalAdvance(shown), 0, 0, 0)
        if shown != text or place.left() >= right:
            return


def _pieces(snippet: Snippet) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is marked."""
    found: list[tuple[str, bool]] = []
    end = 0
    for start, stop in snippet.marks:
        found += [(snippet.text[end:start], False), (snippet.text[start:stop], True)]
        end = stop
    return [piece for piece in (*found, (snippet.text[end:], False)) if piece[0]]


def _rect(option: QStyleOptionViewItem) -> QRect:
    return QRect(option.rect)


def _small(option: QStyleOptionViewItem) -> QFont:
    font = QFont(option.font)
    font.setPointSizeF(font.pointSizeF() * SMALL)
    return font
