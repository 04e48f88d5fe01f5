"""A scored text at a glance: perplexity, bands of ranks, and its least expected passages."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.domain.passages import Passage, RankBands
from app.domain.texts import ScoredText
from app.ui.segments import Segments
from app.ui.theme.palette import HEAT_STEPS, Theme, heat_colour
from app.ui.viewmodels.heat import BAND_SHARES
from app.ui.viewmodels.scored import (
    MEANINGS,
    TextSummary,
    Unit,
    band_words,
    bands,
    passage_words,
)
from app.ui.widgets import label, name_scroll_bars
from app.ui.workbench.token_details import Facts

UNITS = (Unit.SENTENCE, Unit.PARAGRAPH)
BAND_STEPS = tuple(round(HEAT_STEPS * share) for share in BAND_SHARES)


class BandBar(QWidget):
    """The shares of the bands of ranks side by side."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._counts: list[int] = []
        self.setFixedHeight(14)

    def show_bands(self, found: RankBands) -> None:
        """Draw these bands."""
        named = bands(found)
        self._counts = [count for _, count in named]
        words = ", ".join(f"{name}: {count:,}" for name, count in named)
        self.setAccessibleName(f"Ranks. {words}")
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one stripe for each band, an unexpected one hotter."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.track))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        left, total = 0.0, max(sum(self._counts), 1)
        for count, step in zip(self._counts, BAND_STEPS, strict=False):
            width = self.width() * count / total
            painter.setBrush(QColor(heat_colour(self.theme, step, self.theme.track)))
            painter.drawRect(QRectF(left, 0, max(width - 1, 0), self.height()))
            left += width


class ScoreSummary(QWidget):
    """Shows a ScoredText; `passage_chosen` carries a Passage that a person wants to see."""

    passage_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.facts = Facts()
        self.bands = BandBar(theme)
        self.bands_words = label(kind="muted", wrap=True)
        self.units = Segments("Perplexity", ("By sentence", "By paragraph"))
        self.passages = QListWidget()
        self._scored: ScoredText | None = None
        self._shown: TextSummary | None = None
        self._found: list[Passage] = []
        self._unit = Unit.SENTENCE
        self._lay_out()
        self.hide()

    def show_text(self, scored: ScoredText | None, found: TextSummary | None) -> None:
        """Show what a text is like."""
        if found is self._shown:
            return
        self._scored, self._shown = scored, found
        self.setVisible(found is not None)
        if found is not None:
            self.facts.show_facts(found.facts, MEANINGS)
            self.bands.show_bands(found.bands)
            self.bands_words.setText(band_words(found.bands))
            self._list_passages()

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.bands.theme = theme
        self.bands.update()

    def _choose_unit(self, place: int) -> None:
        self._unit = UNITS[place]
        self.units.show_chosen(place)
        self._list_passages()

    def _list_passages(self) -> None:
        """The least expected first."""
        scored, found = self._scored, self._shown
        self.passages.clear()
        if scored is None or found is None:
            return
        self._found = found.passages[self._unit]
        for passage in self._found:
            item = QListWidgetItem(passage_words(scored.text, passage))
            item.setToolTip(scored.text[passage.start : passage.end].strip()[:400])
            self.passages.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        self.passage_chosen.emit(self._found[self.passages.row(item)])

    def _lay_out(self) -> None:
        self.units.chosen.connect(self._choose_unit)
        self.units.show_chosen(0)
        self.passages.setAccessibleName("Passages, the least expected first")
        name_scroll_bars(self.passages, "Passages")
        self.passages.setObjectName("results")
        self.passages.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.passages.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.passages.itemClicked.connect(self._go)
        self.passages.itemActivated.connect(self._go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for part in (self.facts, self.bands, self.bands_words, self.units):
            layout.addWidget(part)
        layout.addWidget(self.passages, 1)
