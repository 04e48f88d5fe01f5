"""Small widgets that every part of the window shares.

Text on them is plain text, always: Qt would otherwise open files that a text names.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QLabel, QPushButton, QWidget


def label(text: str = "", *, kind: str = "", wrap: bool = False) -> QLabel:
    """A label of plain text; `kind` names its look in the style sheet."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    made.setProperty("kind", kind)
    return made


def button(
    text: str, on_click: Callable[[], object], *, kind: str = "", keys: str = ""
) -> QPushButton:
    """A push button; `kind` names its look in the style sheet, `keys` does the same by keyboard."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setToolTip(keys)
    made.setAccessibleDescription(keys)
    made.clicked.connect(lambda: on_click())
    return made


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget another look of the style sheet."""
    if widget.property("kind") != kind:
        widget.setProperty("kind", kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def copy_text(text: str) -> None:
    """Put a text on the clipboard."""
    QGuiApplication.clipboard().setText(text)


def claims_escape(event: QEvent) -> bool:
    """Whether a widget is asked if it has its own use for Esc; it is then to say so."""
    asked = event.type() is QEvent.Type.ShortcutOverride
    if asked and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
        event.accept()
        return True
    return False


def keys_text(keys: QKeySequence.StandardKey) -> str:
    """A shortcut as this system writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def line(*, vertical: bool = False) -> QFrame:
    """A hairline between two parts."""
    made = QFrame()
    made.setProperty("kind", "line")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


def name_scroll_bars(area: QAbstractScrollArea, name: str) -> None:
    """Give an area's scroll bars names that a screen reader can say."""
    area.verticalScrollBar().setAccessibleName(f"{name}: scroll up and down")
    area.horizontalScrollBar().setAccessibleName(f"{name}: scroll sideways")


def fixed_font(widget: QWidget, scale: float = 1.0) -> QFont:
    """The system's fixed-width font at `scale` times the widget's size."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(widget.font().pointSizeF() * scale)
    return font


def scaled_font(widget: QWidget, scale: float = 1.08) -> QFont:
    """The widget's font at `scale` times its size."""
    font = QFont(widget.font())
    font.setPointSizeF(font.pointSizeF() * scale)
    return font
