"""The alternatives of a token as rows: text, paired bars, two numbers."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.ui.theme.palette import Theme
from app.ui.viewmodels.alternatives import Row
from app.ui.widgets import fixed_font, label, set_kind

LONGEST_TEXT = 11
HEIGHT = 14
THICK, THIN, MARK = 12.0, 5.0, 2.0
HAIR = 1.0
ROOM_FOR_MARK = 4 * MARK
MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
HEADINGS = ("", "", "raw", "sampled")


class Bar(QWidget):
    """Two shares of the whole as lengths: raw thick and pale, after sampling thin and strong."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._row = Row(text="", word="", share=0.0)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_row(self, row: Row) -> None:
        """Draw this row's shares."""
        self._row = row
        self.setAccessibleName(row.spoken)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars; one that is cut gets a mark where its thin bar would begin, if there is
        room for it in the thick one.
        """
        row, theme = self._row, self.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._draw(painter, row.share, THICK, theme.track if row.rest else theme.bar)
        if row.sampled:
            self._draw(painter, row.sampled, THIN, theme.muted if row.rest else theme.accent)
        elif row.sampled is not None and row.share * self.width() >= ROOM_FOR_MARK:
            painter.setBrush(QColor(theme.muted))
            painter.drawRect(QRectF(0, (HEIGHT - THIN) / 2, MARK, THIN))

    def _draw(self, painter: QPainter, share: float, height: float, colour: str) -> None:
        if share <= 0:
            return
        painter.setBrush(QColor(colour))
        width = max(share * self.width(), HAIR)
        bar = QRectF(0, (HEIGHT - height) / 2, width, height)
        painter.drawRoundedRect(bar, min(2.0, width / 2), 2.0)


class Bars(QWidget):
    """A grid of rows, made once and filled again for each token.

    One of them can be marked by a click or the arrow keys: `marked` carries its Row, or None;
    `taken` the same after Enter or a double click.
    """

    marked = Signal(object)
    taken = Signal(object)

    def __init__(self, theme: Theme, name: str = "Alternatives") -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._shown: list[Row] = []
        self._mark: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self._rows: list[tuple[QLabel, Bar, QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        for column, text in enumerate(HEADINGS):
            self._grid.addWidget(_number(text), 0, column)

    def show_rows(self, rows: list[Row]) -> None:
        """Show these rows; the marked token stays marked."""
        before = self.mark
        self._shown = rows
        while len(self._rows) < len(rows):
            self._add_row()
        for place, widgets in enumerate(self._rows):
            for widget in widgets:
                widget.setVisible(place < len(rows))
            if place < len(rows):
                _fill(*widgets, rows[place])
        kept = [place for place, row in enumerate(rows) if before and row.id == before.id]
        if kept:
            self._set_mark(kept[0])
        elif before:
            self._set_mark(None)

    @property
    def mark(self) -> Row | None:
        """The marked row; the sum of all others cannot be it."""
        return None if self._mark is None else self._shown[self._mark]

    def clear_mark(self) -> None:
        """Mark no row, and tell nobody."""
        self._mark = None
        self.setAccessibleName(self._name)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the mouse."""
        self._mark_at(event.position().y())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take the row under the mouse."""
        self._mark_at(event.position().y())
        self._take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down mark the row beside, Enter takes it."""
        if event.key() in MOVES:
            by = MOVES[Qt.Key(event.key())]
            self._set_mark(max(self._mark + by, 0) if self._mark is not None else 0)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a ground behind the marked row, and a ring where the keyboard is."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._mark is not None:
            row = self._rows[self._mark][0].geometry()
            painter.setBrush(QColor(self._theme.accent_soft))
            place = QRectF(-4, row.top() - 1, self.width() + 8, row.height() + 2)
            painter.drawRoundedRect(place, 4, 4)
        if self.hasFocus():
            painter.setPen(QColor(self._theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _mark_at(self, y: float) -> None:
        for place, row in enumerate(self._shown):
            geometry = self._rows[place][0].geometry()
            if geometry.top() - 2 <= y <= geometry.bottom() + 2 and row.id is not None:
                self._set_mark(place)

    def _set_mark(self, place: int | None) -> None:
        choices = sum(row.id is not None for row in self._shown)
        self._mark = min(place, choices - 1) if place is not None and choices else None
        said = self.mark.spoken if self.mark else "Up and Down choose a token"
        self.setAccessibleName(f"{self._name}: {said}")
        self.update()
        self.marked.emit(self.mark)

    def _take(self) -> None:
        if self.mark is not None:
            self.taken.emit(self.mark)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        for _, bar, _, _ in self._rows:
            bar.theme = theme
            bar.update()

    def texts(self) -> list[tuple[str, str, str]]:
        """Text and numbers of every row that is shown."""
        shown = (row for row in self._rows if row[0].isVisibleTo(self))
        return [(text.text(), raw.text(), sampled.text()) for text, _, raw, sampled in shown]

    def spoken(self) -> list[str]:
        """What a screen reader says of every row that is shown."""
        return [bar.accessibleName() for _, bar, _, _ in self._rows if bar.isVisibleTo(self)]

    def _add_row(self) -> None:
        text = label()
        text.setFont(fixed_font(text))
        widgets = text, Bar(self._theme), _number(), _number()
        for column, widget in enumerate(widgets):
            self._grid.addWidget(widget, len(self._rows) + 1, column)
        self._rows.append(widgets)


def elided(text: str) -> str:
    """The text as it fits beside a bar."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _number(text: str = "") -> QLabel:
    made = label(text, kind="muted")
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


def _fill(text: QLabel, bar: Bar, raw: QLabel, sampled: QLabel, row: Row) -> None:
    text.setText(elided(row.text))
    set_kind(text, "strong" if row.chosen else "muted" if row.sampled == 0 else "")
    raw.setText(row.number)
    sampled.setText(row.sampled_number)
    bar.show_row(row)
