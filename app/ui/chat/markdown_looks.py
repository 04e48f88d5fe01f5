"""How each part of rendered Markdown looks: formats of Qt's text for one theme and font."""

from PySide6.QtGui import QBrush, QColor, QFont, QTextBlockFormat, QTextCharFormat, QTextFormat

from app.ui.chat.code import Kind
from app.ui.theme.palette import Theme

LINE_HEIGHT_PERCENT = 140.0
CODE_LINE_HEIGHT_PERCENT = 125.0
HEADINGS = (1.5, 1.3, 1.15, 1.05, 1.0, 1.0)  # times the size of the text
INDENT = 22
CARD = QTextFormat.Property.UserProperty.value + 1
QUOTES = QTextFormat.Property.UserProperty.value + 2
RULE = QTextFormat.Property.UserProperty.value + 3
GAP = 10
TIGHT_GAP = 2
CARD_PADDING = 12


class Looks:
    """Formats for a theme; `text` is the font of the answer, `code` a fixed-width one."""

    def __init__(self, theme: Theme, text: QFont, code: QFont) -> None:
        self.theme = theme
        self._size = text.pointSizeF()
        self._code = code
        self.plain = _ink(theme.text)
        self.muted = _ink(theme.muted)
        self.rule = QBrush(QColor(theme.line))
        self.gap = GAP

    def paragraph(self, depth: int, quotes: int, *, tight: bool = False) -> QTextBlockFormat:
        """A block `depth` lists and `quotes` quotations deep."""
        made = QTextBlockFormat()
        made.setLineHeight(LINE_HEIGHT_PERCENT, _proportional())
        made.setBottomMargin(TIGHT_GAP if tight else GAP)
        made.setIndent(depth)
        made.setLeftMargin(quotes * INDENT)
        made.setProperty(QUOTES, quotes)
        return made

    def card(self, depth: int, quotes: int) -> QTextBlockFormat:
        """A block of code, which stands on a card that the view paints."""
        made = self.paragraph(depth, quotes)
        made.setLineHeight(CODE_LINE_HEIGHT_PERCENT, _proportional())
        made.setLeftMargin(quotes * INDENT + CARD_PADDING)
        made.setRightMargin(CARD_PADDING)
        made.setTopMargin(GAP + CARD_PADDING)
        made.setBottomMargin(GAP + CARD_PADDING)
        made.setProperty(CARD, True)
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
        made = _ink(colours.get(kind, theme.text))
        made.setFontFamilies([self._code.family()])
        made.setFontFixedPitch(True)
        made.setFontPointSize(self._size * 0.92)
        return made

    def link(self, around: QTextCharFormat, address: str) -> QTextCharFormat:
        """Words that name an address."""
        made = QTextCharFormat(around)
        made.setAnchor(True)
        made.setAnchorHref(address)
        made.setForeground(QBrush(QColor(self.theme.accent)))
        made.setFontUnderline(True)
        return made


def _ink(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QBrush(QColor(colour)))
    return made


def _proportional() -> int:
    return QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
