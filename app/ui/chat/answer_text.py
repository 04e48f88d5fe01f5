"""The words of an answer, shown in one of two ways: as coloured tokens, or as rendered Markdown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.heat import Face, HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.chat.heat import Heat
from app.ui.chat.token_page import TokenPage
from app.ui.chat.token_text import TokenText
from app.ui.theme.palette import Theme
from app.ui.widgets import scaled_font

SCALE = 1.15  # times the size of the window's text
NAME = "Answer"


class AnswerText(QWidget):
    """`picked` carries a token's index in the answer, `stepped` -1 or 1 towards a neighbour.

    Places count UTF-16 units of the answer's raw text, whichever way it is shown.
    """

    picked = Signal(object)
    stepped = Signal(object)

    def __init__(self, mode: HeatMode, theme: Theme, reading: Reading) -> None:
        super().__init__()
        self._ended = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.is_rendered = is_rendered(mode, reading)
        self.face = self._made(theme)
        self.show_as(mode, theme, reading)

    def extend(self, text: str, tokens: tuple[TokenRecord, ...], first: int) -> None:
        """Add text; `first` is the index in the answer of the first of `tokens`."""
        self.face.extend(text, tokens, first)

    def end(self) -> None:
        """There will be no more text."""
        self._ended = True
        self.face.end()

    def show_as(self, mode: HeatMode, theme: Theme, reading: Reading) -> None:
        """Colour the tokens by `mode`, in the form that `reading` asks for."""
        look = Heat(mode, theme, theme.window, reading)
        if is_rendered(mode, reading) != self.is_rendered:
            self._turn(look)
        if isinstance(self.face, TokenText):
            self.face.show_raw(is_raw(mode, reading))
        self.face.recolour(look, theme.accent)

    def position_at(self, y: int) -> int | None:
        """The place at the beginning of the line at this height; None beside the text."""
        return self.face.source_at(y) if 0 <= y < self.face.height() else None

    def height_at(self, position: int) -> int | None:
        """Where the line with this place begins, in pixels; None where that is not known."""
        return self.face.height_of(position)

    def _turn(self, look: Heat) -> None:
        """Show the same text in the other form, with the same token selected."""
        before, self.is_rendered = self.face, not self.is_rendered
        self.face = self._made(look.theme)
        self.face.recolour(look, look.theme.accent)
        for part in before.parts:
            self.face.extend(*part)
        if self._ended:
            self.face.end()
        self.face.select(before.selected)
        if before.hasFocus():
            self.face.setFocus()
        self._column.removeWidget(before)
        before.hide()
        before.deleteLater()

    def _made(self, theme: Theme) -> TokenPage:
        made = _rendered(theme) if self.is_rendered else TokenText(NAME)
        made.setFont(scaled_font(made, SCALE))
        made.picked.connect(self.picked)
        made.stepped.connect(self.stepped)
        self._column.addWidget(made)
        made.show()
        return made


def is_raw(mode: HeatMode, reading: Reading) -> bool:
    """Whether tokens are to be shown as they are."""
    return reading.face is Face.RAW and mode is not HeatMode.NOTHING


def is_rendered(mode: HeatMode, reading: Reading) -> bool:
    """Whether Markdown is to be rendered."""
    return reading.face is Face.RENDERED or mode is HeatMode.NOTHING


def _rendered(theme: Theme) -> TokenPage:
    from app.ui.chat.markdown_text import MarkdownText  # the program starts without its parser

    return MarkdownText(NAME, theme)
