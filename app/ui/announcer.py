"""Says what a screen reader could not know from the text: that a token was a guess."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from app.ui.viewmodels.landmarks import is_low_confidence
from app.ui.viewmodels.selection import Selected
from app.ui.viewmodels.wording import said_unsurely


class Announcer(QObject):
    """Speaks for `widget`; `announced` carries each sentence."""

    announced = Signal(str)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget

    def tell(self, selected: Selected | None) -> None:
        """The caret is at another token, or at none."""
        if selected is not None and is_low_confidence(selected.token):
            self.say(said_unsurely(selected.token))

    def say(self, sentence: str) -> None:
        """Let a screen reader say this when it has ended its sentence."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._widget, sentence))
        self.announced.emit(sentence)
