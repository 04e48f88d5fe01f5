"""The order of the sampler's stages: drag one to another place, or move it by keys."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem

from app.domain.sampling import SamplerStage
from app.ui.viewmodels.sampler_trace import STAGES
from app.ui.widgets import name_scroll_bars

NAME = "Order of sampling"
EXPLANATION = "Drag a stage to another place, or move it with Alt+Up and Alt+Down"
ROW = 24
MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class OrderList(QListWidget):
    """`chosen` carries the stages in their new order."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("order")
        self.setAccessibleName(NAME)
        self.setAccessibleDescription(EXPLANATION)
        self.setToolTip(EXPLANATION)
        name_scroll_bars(self, NAME)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setFixedHeight(ROW * len(SamplerStage) + 4)
        self.model().rowsMoved.connect(self._tell)

    def show_order(self, order: Sequence[SamplerStage]) -> None:
        """Show the stages so, without telling it back."""
        if tuple(order) == self.order():
            return
        with QSignalBlocker(self):
            self.clear()
            for stage in order:
                item = QListWidgetItem(STAGES[stage])
                item.setData(Qt.ItemDataRole.UserRole, stage.value)
                item.setSizeHint(QSize(0, ROW))
                self.addItem(item)

    def order(self) -> tuple[SamplerStage, ...]:
        """The stages as they stand."""
        role = Qt.ItemDataRole.UserRole
        return tuple(SamplerStage(self.item(row).data(role)) for row in range(self.count()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """With Alt, Up and Down move the stage that the keyboard is at."""
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() in MOVES:
            self._move(self.currentRow(), MOVES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _move(self, row: int, by: int) -> None:
        if 0 <= row < self.count() and 0 <= row + by < self.count():
            item = self.takeItem(row)
            self.insertItem(row + by, item)
            self.setCurrentRow(row + by)
            self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self.order())
