"""The words of an answer, shown in one of two ways: as coloured tokens, or as rendered Markdown."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.heat import Face, HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.chat.heat import Heat
from app.ui.chat.page import PageText
from app.ui.chat.token_text import TokenText
from app.ui.theme.palette import Theme
from app.ui.widgets import scaled_font

if TYPE_CHECKING:
    from app.ui.chat.markdown_text import MarkdownText

SCALE = 1.15  # times the size of the window's text


class AnswerText(QWidget):
    """Places count UTF-16 units of the answer's raw text, whichever way it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = TokenText("Answer")
        self.tokens.setFont(scaled_font(self.tokens, SCALE))
        self.rendered: MarkdownText | None = None
        self._said = ""
        self._ended = False
        self._theme: Theme | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.tokens)

    @property
    def face(self) -> PageText:
        """What the answer is read in now."""
        return self.tokens if self.rendered is None else self.rendered

    def extend(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Add text; `first` is the index in the answer of the first of `tokens`."""
        self._said += text
        self.tokens.extend(text, tokens, first)
        if self.rendered is not None:
            self.rendered.extend(text)

    def end(self) -> None:
        """There will be no more text."""
        self._ended = True
        if self.rendered is not None:
            self.rendered.extend("", ended=True)

    def show_as(self, mode: HeatMode, theme: Theme, reading: Reading) -> None:
        """Colour the tokens by `mode`; without colours render the Markdown."""
        self.tokens.show_raw(is_raw(mode, reading))
        self.tokens.recolour(Heat(mode, theme, theme.window, reading), theme.accent)
        if mode is not HeatMode.NOTHING:
            self._show_tokens()
        elif self.rendered is None:
            self._show_rendered(theme)
        elif theme is not self._theme:
            self.rendered.recolour(theme)
        self._theme = theme

    def position_at(self, y: int) -> int | None:
        """The place at the beginning of the line at this height; None beside the text.

        Raw tokens lie elsewhere, so there is none among them either.
        """
        if self._is_raw:
            return None
        return self.face.position_at_height(y) if 0 <= y < self.face.height() else None

    def height_at(self, position: int) -> int | None:
        """Where the line with this place begins, in pixels; None among raw tokens."""
        if self._is_raw:
            return None
        return self.face.height_at_position(position)

    @property
    def _is_raw(self) -> bool:
        return self.rendered is None and self.tokens.is_raw

    def _show_tokens(self) -> None:
        if self.rendered is not None:
            self._column.removeWidget(self.rendered)
            self.rendered.hide()
            self.rendered.deleteLater()
            self.rendered = None
        self.tokens.show()

    def _show_rendered(self, theme: Theme) -> None:
        from app.ui.chat.markdown_text import MarkdownText  # the program starts without its parser

        self.rendered = MarkdownText("Answer", theme)
        self.rendered.setFont(self.tokens.font())
        self.rendered.extend(self._said, ended=self._ended)
        self._column.addWidget(self.rendered)
        self.rendered.show()
        self.tokens.hide()


def is_raw(mode: HeatMode, reading: Reading) -> bool:
    """Whether tokens are to be shown as they are."""
    return reading.face is Face.RAW and mode is not HeatMode.NOTHING
