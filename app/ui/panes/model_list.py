"""The list of models: a name and where it lies, the open one marked."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.services.settings import ModelChoice
from app.ui.theme.palette import Theme
from app.ui.widgets import name_scroll_bars

ROW_HEIGHT = 50
ROWS_SEEN = range(2, 5)
FRAME = 8
INSET = 12
RADIUS = 8
ROLES = Qt.ItemDataRole
DETAIL, CHOICE = ROLES.UserRole, ROLES.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


class ModelDelegate(QStyledItemDelegate):
    """Draws one model in the colours of `theme`."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines and the room around them."""
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the name over the place, on a card where it is chosen."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRect(option.rect)
        if QStyle.StateFlag.State_Selected in option.state:
            focused = QStyle.StateFlag.State_HasFocus in option.state
            painter.setBrush(QColor(self.theme.accent_soft))
            painter.setPen(QColor(self.theme.accent) if focused else Qt.PenStyle.NoPen)
            card = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(card, RADIUS, RADIUS)
        inner = place.adjusted(INSET, 7, -INSET, -7)
        name, detail = QFont(option.font), QFont(option.font)
        name.setWeight(QFont.Weight.DemiBold)
        detail.setPointSizeF(detail.pointSizeF() * 0.92)
        _draw(painter, inner, name, self.theme.text, index.data(ROLES.DisplayRole), top=True)
        _draw(painter, inner, detail, self.theme.muted, index.data(DETAIL), top=False)
        painter.restore()


class ModelList(QListWidget):
    """`picked` carries a ModelChoice or None, `wanted` one that is to be opened at once.

    `dropped` asks that the chosen one be listed no longer.
    """

    picked = Signal(object)
    wanted = Signal(object)
    dropped = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._delegate = ModelDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setObjectName("models")
        self.setAccessibleName("Models")
        name_scroll_bars(self, "Models")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.currentItemChanged.connect(lambda: self.picked.emit(self.chosen()))
        self.itemActivated.connect(lambda: self.wanted.emit(self.chosen()))

    def show_models(self, listed: list[tuple[ModelChoice, str, str]]) -> None:
        """List choices with their names and details; the chosen one stays so."""
        before = self.chosen()
        self.blockSignals(True)
        self.clear()
        for choice, name, detail in listed:
            item = QListWidgetItem(name)
            item.setData(DETAIL, detail)
            item.setData(CHOICE, choice)
            item.setData(ROLES.AccessibleTextRole, f"{name}, {detail}")
            item.setToolTip(detail)
            self.addItem(item)
        self.blockSignals(False)
        rows = max(ROWS_SEEN[0], min(len(listed), ROWS_SEEN[-1]))
        self.setFixedHeight(rows * ROW_HEIGHT + FRAME)
        self.go_to(before.path if before else "")

    def go_to(self, path: str) -> None:
        """Choose the model at this place, or the first one."""
        choices = [self.item(row).data(CHOICE) for row in range(self.count())]
        rows = [row for row, choice in enumerate(choices) if choice.path == path]
        self.setCurrentRow(rows[0] if rows else 0)

    def chosen(self) -> ModelChoice | None:
        """The model that the keys are at."""
        item = self.currentItem()
        return item.data(CHOICE) if item else None

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del takes a model off the list; the rest is Qt's."""
        if event.key() == Qt.Key.Key_Delete:
            self.dropped.emit()
        else:
            super().keyPressEvent(event)


def _draw(
    painter: QPainter, place: QRect, font: QFont, colour: str, text: str, *, top: bool
) -> None:
    """One line at the top or the bottom; where it is too long, its end stays."""
    mode = Qt.TextElideMode.ElideRight if top else Qt.TextElideMode.ElideMiddle
    edge = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignBottom
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = QFontMetrics(font).elidedText(text, mode, place.width())
    painter.drawText(place, edge | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine, shown)
