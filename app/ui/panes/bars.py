"""The alternatives of a token as rows: text, bar, number."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.ui.theme.palette import Theme
from app.ui.viewmodels.alternatives import Row
from app.ui.widgets import fixed_font, label

LONGEST_TEXT = 14


class Bar(QWidget):
    """A share of the whole, 0 to 1, as a length."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._row = Row("", 0.0, "")
        self.setFixedHeight(12)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_row(self, row: Row) -> None:
        """Draw this row's share."""
        self._row = row
        self.setAccessibleName(f"{row.text}: {row.number}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar; the chosen token in full colour, all others together in grey."""
        colours = {(True, False): self.theme.accent, (False, True): self.theme.muted}
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.get((self._row.chosen, self._row.rest), self.theme.bar)))
        width = max(self._row.share * self.width(), 2.0 if self._row.share > 0 else 0.0)
        painter.drawRoundedRect(QRectF(0, 2, width, self.height() - 4), 2, 2)


class Bars(QWidget):
    """A grid of rows, made once and filled again for each token."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[tuple[QLabel, Bar, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)

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
        for _, bar, _ in self._rows:
            bar.theme = theme
            bar.update()

    def texts(self) -> list[tuple[str, str]]:
        """Text and number of every row that is shown."""
        shown = (row for row in self._rows if row[0].isVisibleTo(self))
        return [(text.text(), number.text()) for text, _, number in shown]

    def _add_row(self) -> None:
        text, bar, number = label(), Bar(self._theme), label(kind="muted")
        text.setFont(fixed_font(text))
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = len(self._rows)
        for column, widget in enumerate((text, bar, number)):
            self._grid.addWidget(widget, row, column)
        self._rows.append((text, bar, number))


def elided(text: str) -> str:
    """The text as it fits beside a bar."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _fill(text: QLabel, bar: Bar, number: QLabel, row: Row) -> None:
    text.setText(elided(row.text))
    number.setText(row.number)
    bar.show_row(row)
