"""The middle of the window: the chat, or in its place what the model read before an answer."""

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.ui.chat.actions import PROMPT_KEYS
from app.ui.chat.transcript import TranscriptView
from app.ui.panes.prompt import PromptPage
from app.ui.theme.palette import Theme
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.prompt import PromptStatus
from app.ui.viewmodels.selection import Selected


class ChatPages(QStackedWidget):
    """Shows `transcript` until the prompt of one of its turns is asked for."""

    def __init__(self, theme: Theme, transcript: TranscriptView, chat: ChatModel) -> None:
        super().__init__()
        self._chat = chat
        self._transcript = transcript
        self.prompt = PromptPage(theme, chat.heat.mode)
        self.addWidget(transcript)
        self.addWidget(self.prompt)
        prompt = chat.prompt
        transcript.prompt_asked.connect(prompt.open)
        prompt.changed.connect(self._show)
        prompt.selection.changed.connect(self._select)
        self.prompt.picked.connect(lambda number: prompt.selection.pick_beside(number))
        self.prompt.stepped.connect(prompt.selection.step)
        self.prompt.left.connect(prompt.close)
        chat.heat.changed.connect(self.prompt.view.show_mode)
        chat.heat.reading_changed.connect(self.prompt.view.show_reading)

    def bind_keys(self, window: QWidget) -> None:
        """Let the key work wherever the keyboard is in `window`."""
        QShortcut(QKeySequence(PROMPT_KEYS), window).activated.connect(self.open)

    def open(self) -> None:
        """Show the prompt of the answer that is looked at, or of the last one; or go back."""
        if self._chat.prompt.is_open:
            self._chat.prompt.close()
        elif (turn_id := self._chat.looked_at()) is not None:
            self._chat.prompt.open(turn_id)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._transcript.recolour(theme)
        self.prompt.recolour(theme)

    def _show(self, status: PromptStatus) -> None:
        self.prompt.show_status(status)
        opened = status.turn_id is not None
        before = self.currentWidget()
        self.setCurrentWidget(self.prompt if opened else self._transcript)
        if opened and before is not self.prompt:
            self.prompt.back.setFocus()

    def _select(self, selected: Selected | None) -> None:
        self.prompt.select(selected.index if selected else None)
