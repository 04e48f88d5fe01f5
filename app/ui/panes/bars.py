"""The alternatives of a token as rows: text, paired bars, two numbers."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.ui.theme.palette import Theme
from app.ui.viewmodels.alternatives import Row
from app.ui.widgets import fixed_font, label, set_kind

LONGEST_TEXT = 11
HEIGHT = 14
THICK, THIN, MARK = 12.0, 5.0, 2.0
HAIR = 1.0
ROOM_FOR_MARK = 4 * MARK
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
    """A grid of rows, made once and filled again for each token."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[tuple[QLabel, Bar, QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        for column, text in enumerate(HEADINGS):
            self._grid.addWidget(_number(text), 0, column)

    def show_rows(self, rows: list[Row]) -> None:
        """Show these rows."""
        while len(self._rows) < len(rows):
            self._add_row()
        for place, widgets in enumerate(self._rows):
            for widget in widgets:
                widget.setVisible(place < len(rows))
            if place < len(rows):
                _fill(*widgets, rows[place])

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
