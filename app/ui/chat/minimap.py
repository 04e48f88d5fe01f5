"""A map of the whole conversation beside its scroll bar: where the hot tokens are.

In: where each turn lies, and its tokens. Out: `jumped`, the place that a person points at. What
takes long is done in slices between other work.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat_profile import HeatProfile

WIDTH = 12
SLICE = 1000  # tokens: about two milliseconds
REST_MS = 4
REDRAW_MS = 120
VEIL = 60  # of 255
LEAST_VEIL = 6  # pixels


class Stretch(Struct, frozen=True):
    """Where some tokens of a turn lie in the conversation, in pixels.

    They are those between the shares `low` and `high`, 0 to 1, of the turn's tokens.
    """

    turn_id: int
    top: int
    height: int
    low: float = 0.0
    high: float = 1.0


class Minimap(QWidget):
    """`jumped` carries a share, 0 to 1, of the conversation's height."""

    jumped = Signal(object)

    def __init__(self, theme: Theme, mode: HeatMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mode = mode
        self._profiles: dict[int, HeatProfile] = {}
        self._stretches: Sequence[Stretch] = ()
        self._total = 1
        self._seen = (0.0, 1.0)
        self._image: QImage | None = None
        self._work = QTimer(self, singleShot=True, interval=REST_MS)
        self._work.timeout.connect(self._take_in)
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self._draw_anew)
        self.setFixedWidth(WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Map of the conversation")
        self.setToolTip("Where the model was unsure. Click to go there")

    def show_turn(self, turn_id: int, tokens: Sequence[TokenRecord]) -> None:
        """Take in the tokens of a turn, which may be a list that grows."""
        known = self._profiles.get(turn_id)
        if known is None or known.tokens is not tokens:
            self._profiles[turn_id] = HeatProfile(tokens, self._mode)
        self._work.start()

    def forget(self, turn_id: int) -> None:
        """A turn is no longer part of the conversation."""
        self._profiles.pop(turn_id, None)

    def show_places(self, stretches: Sequence[Stretch], total: int) -> None:
        """Where the turns lie in `total` pixels."""
        self._stretches, self._total = stretches, max(total, 1)
        self._draw_anew()

    def show_seen(self, low: float, high: float) -> None:
        """Mark the part in sight, two shares of the height."""
        self._seen = low, high
        self.update()

    def show_mode(self, mode: HeatMode) -> None:
        """Colour by `mode`, as soon as that is worked out."""
        self._mode = mode
        for id, profile in self._profiles.items():
            self._profiles[id] = HeatProfile(profile.tokens, mode)
        self._work.start()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self._draw_anew()

    def rows(self) -> list[int]:
        """The step of each row of pixels, from the top; -1 where no turn lies."""
        found = [-1] * self.height()
        for first, last, stretch, profile in self._placed():
            share = (stretch.high - stretch.low) / (last - first)
            for row in range(first, last):
                low = stretch.low + (row - first) * share
                found[row] = max(profile.hottest(low, low + share), found[row])
        return found

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw it anew for another height."""
        super().resizeEvent(event)
        self._image = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to where the mouse is."""
        self._jump(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with the mouse while it is pressed."""
        self._jump(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press has said it all."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map, and a veil over what is in sight."""
        painter = QPainter(self)
        if self._image is None:
            self._image = self._drawn()
        painter.drawImage(self.rect(), self._image)
        top, bottom = (round(share * self.height()) for share in self._seen)
        if bottom - top < self.height():
            veil = QColor(self._theme.muted)
            veil.setAlpha(VEIL)
            painter.fillRect(0, top, self.width(), max(bottom - top, LEAST_VEIL), veil)

    def _take_in(self) -> None:
        """One slice; the newest turns first, since they are looked at first."""
        room = SLICE
        for profile in reversed(self._profiles.values()):
            room -= profile.work(room)
            if not room:
                self._work.start()
                break
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw_anew(self) -> None:
        self._image = None
        self.update()

    def _drawn(self) -> QImage:
        theme = self._theme
        steps = range(HEAT_STEPS + 1)
        colours = [QColor(heat_colour(theme, step, theme.track)).rgb() for step in steps]
        ground = QColor(theme.window).rgb()
        image = QImage(1, max(self.height(), 1), QImage.Format.Format_RGB32)
        image.fill(ground)
        for row, step in enumerate(self.rows()):
            image.setPixel(0, row, ground if step < 0 else colours[step])
        return image

    def _placed(self) -> Iterator[tuple[int, int, Stretch, HeatProfile]]:
        """The rows of pixels that each stretch with tokens takes, and its turn's profile."""
        scale = self.height() / self._total
        for stretch in self._stretches:
            profile = self._profiles.get(stretch.turn_id)
            first = min(int(stretch.top * scale), self.height() - 1)
            last = min(max(round((stretch.top + stretch.height) * scale), first + 1), self.height())
            if profile is not None and profile.tokens:
                yield first, last, stretch, profile

    def _jump(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            share = event.position().y() / max(self.height(), 1)
            self.jumped.emit(min(max(share, 0.0), 1.0))
