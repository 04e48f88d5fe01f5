"""A list of messages with a map of the whole of it beside its scroll bar."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.domain.heat import HeatMode
from app.ui.chat.message_list import MessageList
from app.ui.chat.minimap import WIDTH, Minimap, Stretch
from app.ui.theme.palette import Theme

PLACES_MS = 120


class MappedList(MessageList):
    """A subclass tells where the tokens lie and gives them to `map`."""

    def __init__(self, head: QWidget, theme: Theme, mode: HeatMode) -> None:
        super().__init__(head)
        self.map = Minimap(theme, mode, self)
        self._places_soon = QTimer(self, singleShot=True, interval=PLACES_MS)
        self._places_soon.timeout.connect(self._show_places)
        self.setViewportMargins(0, 0, WIDTH, 0)
        self.arranged.connect(self._places_soon.start)
        self.verticalScrollBar().valueChanged.connect(self._show_seen)
        self.verticalScrollBar().rangeChanged.connect(self._show_seen)
        self.map.jumped.connect(self._jump)

    def stretches(self) -> Sequence[Stretch]:
        """Where the tokens of each turn lie."""
        raise NotImplementedError

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the map between the messages and their scroll bar."""
        super().resizeEvent(event)
        place = self.viewport().geometry()
        self.map.setGeometry(place.right() + 1, place.top(), WIDTH, place.height())
        self._show_seen()

    def _show_places(self) -> None:
        self.map.show_places(self.stretches(), self._page.height())
        self._show_seen()

    def _show_seen(self) -> None:
        top, whole = self.verticalScrollBar().value(), max(self._page.height(), 1)
        self.map.show_seen(top / whole, (top + self.viewport().height()) / whole)

    def _jump(self, share: float) -> None:
        """Bring the middle of what is in sight to a share of the height."""
        bar = self.verticalScrollBar()
        bar.setValue(round(share * self._page.height() - self.viewport().height() / 2))
