"""How each part of rendered Markdown looks: formats of Qt's text for one theme and font."""

from PySide6.QtGui import QBrush, QColor, QFont, QTextBlockFormat, QTextCharFormat, QTextFormat

from app.ui.chat.code import Kind
from app.ui.chat.token_page import LINE_HEIGHT_PERCENT, NUMBERED_PERCENT
from app.ui.theme.palette import Theme

CODE_LINE_SHARE = 0.9  # of the height of a line of words
HEADINGS = (1.5, 1.3, 1.15, 1.05, 1.0, 1.0)  # times the size of the text
INDENT = 22
CARD = QTextFormat.Property.UserProperty.value + 1
QUOTES = QTextFormat.Property.UserProperty.value + 2
RULE = QTextFormat.Property.UserProperty.value + 3
AS_WRITTEN = QTextFormat.Property.UserProperty.value + 4
GAP = 10
TIGHT_GAP = 2
CARD_PADDING = 12
CAPTION_HEIGHT = 16
CAPTION_GAP = 2
NUMBER_ROOM = 11  # below the last line of a part


class Looks:
    """Formats for a theme; `text` is the font of the answer, `code` a fixed-width one.

    `coloured` words have no ink and no ground of their own but that of their tokens; `numbered`
    ones have room for a number below.
    """

    def __init__(
        self,
        theme: Theme,
        text: QFont,
        code: QFont,
        *,
        coloured: bool = False,
        numbered: bool = False,
    ) -> None:
        self.theme = theme
        self.coloured = coloured
        self.number_room = NUMBER_ROOM if numbered else 0
        self._line_height = NUMBERED_PERCENT if numbered else LINE_HEIGHT_PERCENT
        self._size = text.pointSizeF()
        self._code = code
        self.plain = _ink(theme.text)
        self.muted = _ink(theme.muted)
        self.rule = QBrush(QColor(theme.line))
        self.gap = GAP

    def paragraph(self, depth: int, quotes: int, *, tight: bool = False) -> QTextBlockFormat:
        """A block `depth` lists and `quotes` quotations deep."""
        made = QTextBlockFormat()
        made.setLineHeight(self._line_height, _proportional())
        made.setBottomMargin(TIGHT_GAP if tight else GAP)
        made.setIndent(depth)
        made.setLeftMargin(quotes * INDENT)
        made.setProperty(QUOTES, quotes)
        return made

    def card(self, depth: int, quotes: int) -> QTextBlockFormat:
        """A block of code, which stands on a card that the view paints."""
        made = self.paragraph(depth, quotes)
        made.setLineHeight(self._line_height * CODE_LINE_SHARE, _proportional())
        made.setLeftMargin(quotes * INDENT + CARD_PADDING)
        made.setRightMargin(CARD_PADDING)
        made.setTopMargin(GAP + CARD_PADDING)
        made.setBottomMargin(GAP + CARD_PADDING)
        made.setProperty(CARD, True)
        return made

    def as_written(self, depth: int, quotes: int) -> QTextBlockFormat:
        """A block whose marks are not rendered, which the view says so far below it."""
        made = self.paragraph(depth, quotes)
        top = self.number_room + CAPTION_GAP
        made.setBottomMargin(top + CAPTION_HEIGHT + GAP)
        made.setProperty(AS_WRITTEN, top)
        return made

    def ruled(self, quotes: int) -> QTextBlockFormat:
        """An empty block through which the view paints a line."""
        made = self.paragraph(0, quotes)
        made.setProperty(RULE, True)
        return made

    def sliver(self) -> QTextBlockFormat:
        """A block that has to be there and is not to be seen."""
        made = QTextBlockFormat()
        made.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return made

    def heading(self, level: int) -> QTextCharFormat:
        """The words of a heading, 1 to 6."""
        made = QTextCharFormat(self.plain)
        made.setFontWeight(QFont.Weight.DemiBold)
        made.setFontPointSize(self._size * HEADINGS[level - 1])
        return made

    def inline_code(self, around: QTextCharFormat) -> QTextCharFormat:
        """A few words of code within other words."""
        made = QTextCharFormat(around)
        made.setFontFamilies([self._code.family()])
        made.setFontFixedPitch(True)
        if not self.coloured:
            made.setBackground(QBrush(QColor(self.theme.bubble)))
        return made

    def code(self, kind: Kind) -> QTextCharFormat:
        """A piece of a block of code."""
        theme = self.theme
        colours = {
            "keyword": theme.code_keyword,
            "string": theme.code_string,
            "number": theme.code_number,
            "comment": theme.muted,
            "name": theme.code_name,
        }
        made = _ink(theme.text if self.coloured else colours.get(kind, theme.text))
        made.setFontFamilies([self._code.family()])
        made.setFontFixedPitch(True)
        made.setFontPointSize(self._size * 0.92)
        return made

    def link(self, around: QTextCharFormat, address: str) -> QTextCharFormat:
        """Words that name an address."""
        made = QTextCharFormat(around)
        made.setAnchor(True)
        made.setAnchorHref(address)
        if not self.coloured:
            made.setForeground(QBrush(QColor(self.theme.accent)))
        made.setFontUnderline(True)
        return made


def _ink(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QBrush(QColor(colour)))
    return made


def _proportional() -> int:
    return QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
