"""The workbench's window: pages side by side with the chat, each reached by its name or its key."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.ui.segments import Segments
from app.ui.widgets import button

SIZE = QSize(1120, 760)
SMALLEST = QSize(820, 520)
KEYS = "Ctrl+{}"


class WorkbenchWindow(QDialog):
    """Shows one of its pages."""

    def __init__(self, parent: QWidget, pages: dict[str, QWidget]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Workbench")
        self.setAccessibleName("Workbench")
        self.setObjectName("workbench")
        self._names = list(pages)
        self._pages = list(pages.values())
        self._segments = Segments("Page", self._names, KEYS)
        self._segments.chosen.connect(self._turn_to)
        self._stack = QStackedLayout()
        for page in pages.values():
            self._stack.addWidget(page)
        for place in range(len(pages)):
            keys = QKeySequence(KEYS.format(place + 1))
            QShortcut(keys, self).activated.connect(lambda place=place: self._turn_to(place))
        self._lay_out()

    def present(self, name: str) -> None:
        """Show a page, in front, with the keyboard in it."""
        self._turn_to(self._names.index(name))
        self.show()
        self.raise_()
        self.activateWindow()
        self._pages[self._stack.currentIndex()].setFocus()

    def _turn_to(self, place: int) -> None:
        self._segments.show_chosen(place)
        self._stack.setCurrentIndex(place)

    def _lay_out(self) -> None:
        self.setMinimumSize(SMALLEST)
        self.resize(SIZE)
        head = QFrame()
        head.setObjectName("legend")
        row = QHBoxLayout(head)
        row.setContentsMargins(18, 10, 18, 10)
        row.addWidget(self._segments)
        row.addStretch(1)
        row.addWidget(button("Close", self.close, kind="quiet", keys="Escape"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addLayout(self._stack, 1)
        for each in self.findChildren(QPushButton):
            each.setAutoDefault(False)
