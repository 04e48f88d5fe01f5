"""What the workbench's pages look like: what is asked at the top, the text below, numbers aside."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.ui.widgets import line, name_scroll_bars

SIDE_WIDTH = 330


def arrange(page: QWidget, top: Iterable[QWidget], body: QLayout, side: Iterable[QWidget]) -> None:
    """Lay a page out; the last part of the side takes what room is left."""
    above = QVBoxLayout()
    above.setContentsMargins(18, 14, 18, 10)
    above.setSpacing(8)
    for part in top:
        above.addWidget(part)
    left = QVBoxLayout()
    left.setSpacing(0)
    left.addLayout(above)
    left.addWidget(line())
    left.addLayout(body, 1)
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    row.addLayout(left, 1)
    row.addWidget(line(vertical=True))
    row.addWidget(_side(side))


def _side(parts: Iterable[QWidget]) -> QWidget:
    side = QWidget()
    side.setObjectName("pane")
    side.setFixedWidth(SIDE_WIDTH)
    layout = QVBoxLayout(side)
    layout.setContentsMargins(18, 14, 18, 14)
    layout.setSpacing(10)
    *above, last = parts
    for part in above:
        layout.addWidget(part)
    layout.addWidget(last, 1)
    layout.addStretch(0)
    layout.setAlignment(Qt.AlignmentFlag.AlignTop)
    return side


def document(name: str, placeholder: str) -> QPlainTextEdit:
    """A field for a whole text."""
    made = QPlainTextEdit()
    made.setAccessibleName(name)
    name_scroll_bars(made, name)
    made.setPlaceholderText(placeholder)
    made.setTabChangesFocus(True)
    made.setObjectName("document")
    return made


def name_results(view: QAbstractItemView, name: str) -> None:
    """Call a list or table of results so, and give it their look."""
    view.setAccessibleName(name)
    name_scroll_bars(view, name)
    view.setObjectName("results")
