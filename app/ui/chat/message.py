"""What the conversation asks of each message that it shows."""

from msgspec import Struct
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget


class Place(Struct, frozen=True):
    """A place in a message that survives another width or another look of it.

    `position` counts UTF-16 units of the answer's text and `below` pixels from that line's top;
    without one, `share` of the message's height lies above.
    """

    share: float
    position: int | None = None
    below: int = 0


class MessageView(QWidget):
    """`refitted` tells that the message may need another height, `chain_changed` that the Tab key
    has another stop here."""

    refitted = Signal()
    chain_changed = Signal()

    @property
    def pinned(self) -> bool:
        """Whether the view must outlast its being scrolled out of sight."""
        return False

    def set_can_ask(self, can_ask: bool) -> None:
        """Whether the model could answer now."""

    def fitting_height(self, width: int) -> int:
        """The height that the message takes in `width` pixels, which it has."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        for part in self.findChildren(QWidget):  # Qt would get to them one turn of its loop later
            if (inner := part.layout()) is not None:
                inner.activate()
        layout.activate()
        if layout.hasHeightForWidth():
            return layout.totalHeightForWidth(width)
        return layout.totalSizeHint().height()

    def place_at(self, y: int) -> Place:
        """What lies `y` pixels below the top."""
        return Place(y / max(self.height(), 1))

    def y_of(self, place: Place) -> int:
        """Where a place lies now, in pixels below the top."""
        return round(place.share * self.height())

    def chain_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come here from `before`; return where it leaves from."""
        return before

    def event(self, event: QEvent) -> bool:
        """Tell of what changed the layout."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.refitted.emit()
        return handled
