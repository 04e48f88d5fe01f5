"""Plain text, as it was written or with every token as it is.

Nothing is ever laid out anew but the paragraph that grew.
"""

from PySide6.QtGui import QTextBlockFormat, QTextCursor

from app.domain.tokens import TokenRecord
from app.ui.chat.heat import Heat
from app.ui.chat.run import TokenRun
from app.ui.chat.spans import Utf16Map, shown
from app.ui.chat.token_page import LINE_HEIGHT_PERCENT, NUMBERED_PERCENT, TokenPage
from app.ui.viewmodels.raw_text import raw_text


class TokenText(TokenPage):
    """The text of one channel of an answer, as it was written."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._map = Utf16Map()
        self._raw = False
        self._line_height = 0.0
        self._space_lines(LINE_HEIGHT_PERCENT)

    def source_at(self, y: int) -> int | None:
        """Raw tokens lie elsewhere, so there is no such place among them."""
        return None if self._raw else super().source_at(y)

    def height_of(self, position: int) -> int | None:
        """As `source_at`."""
        return None if self._raw else super().height_of(position)

    def show_raw(self, raw: bool) -> None:
        """Show every token as it is, or the text that they make up."""
        if raw != self._raw:
            self._raw = raw
            self.run, self._map = TokenRun(), Utf16Map()
            self.clear()
            percent, self._line_height = self._line_height, 0.0
            self._space_lines(percent)
            for part in self.parts:
                self._write(*part)

    def recolour(self, look: Heat, frame: str) -> None:
        """Colour the tokens so, and frame the selected one in the colour `frame`."""
        self._space_lines(NUMBERED_PERCENT if look.has_numbers else LINE_HEIGHT_PERCENT)
        super().recolour(look, frame)

    def _write(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        pieces = [raw_text(token) for token in tokens] if self._raw else []
        begin = self._map.length
        text = "".join(pieces) if self._raw else text
        self._map.append(text)
        spans = self._map.laid(pieces, begin) if self._raw else self._map.spans(tokens)
        self.run.extend(tokens, first, spans)
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(shown(text))

    def _space_lines(self, percent: float) -> None:
        if percent != self._line_height:
            self._line_height = percent
            spacing = QTextBlockFormat()
            proportional = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
            spacing.setLineHeight(percent, proportional)
            cursor = QTextCursor(self.document())
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.mergeBlockFormat(spacing)
