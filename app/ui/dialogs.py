"""The small windows beside the main one: not in its way, and closed by Esc."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.chat.actions import CopyButton
from app.ui.panes.number import NAME_WIDTH
from app.ui.widgets import button, copy_text, label

WIDTH = 480


class Dialog(QDialog):
    """A window with what `body` is given, which `complete` puts over a row that ends with Close."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setFixedWidth(WIDTH)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        self.foot = QHBoxLayout()
        self.foot.addStretch(1)
        self._first: QWidget = self

    def complete(self, first: QWidget) -> None:
        """Add the last row; the keyboard begins at `first`, and Enter presses nothing unasked."""
        self._first = first
        self.foot.addWidget(button("Close", self.close, keys="Escape"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(18)
        layout.addLayout(self.body)
        layout.addLayout(self.foot)
        for each in self.findChildren(QPushButton):
            each.setAutoDefault(False)

    def fit(self) -> None:
        """Be as high as what is shown."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            wrapped = layout.hasHeightForWidth()
            height = layout.totalHeightForWidth(WIDTH) if wrapped else layout.sizeHint().height()
            self.setFixedHeight(height)

    def event(self, event: QEvent) -> bool:
        """Follow what is shown where it grows or shrinks later."""
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self.fit()
        return done

    def present(self) -> None:
        """Show it, in front, with the keyboard in it."""
        if not self.isVisible():
            self._first.setFocus()
        self.fit()
        self.show()
        self.raise_()
        self.activateWindow()


class ShownText(QWidget):
    """A text to be read, selected or copied; a `secret` one is hidden until it is asked for."""

    def __init__(self, name: str, *, secret: bool = False) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setReadOnly(True)
        self.field.setAccessibleName(name)
        self._copy = CopyButton(name.lower())
        self._copy.copied.connect(lambda: copy_text(self.field.text()))
        self._name = name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        if secret:
            self._reveal = button("Show", self._turn, kind="quiet")
            row.addWidget(self._reveal)
            self._set_hidden(True)
        row.addWidget(self._copy)

    def show_text(self, text: str) -> None:
        """Show a text; an empty one leaves nothing to copy."""
        self.field.setText(text)
        self.field.setCursorPosition(0)
        self.setEnabled(bool(text))

    def _turn(self) -> None:
        self._set_hidden(self.field.echoMode() is QLineEdit.EchoMode.Normal)

    def _set_hidden(self, hidden: bool) -> None:
        modes = QLineEdit.EchoMode
        self.field.setEchoMode(modes.Password if hidden else modes.Normal)
        self._reveal.setText("Show" if hidden else "Hide")
        self._reveal.setAccessibleName(f"{self._reveal.text()} the {self._name.lower()}")


def rows(*named: tuple[str, QWidget]) -> QGridLayout:
    """Parts below each other, their names at the left."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(8)
    grid.setColumnMinimumWidth(0, NAME_WIDTH)
    grid.setColumnStretch(1, 1)
    for row, (name, part) in enumerate(named):
        grid.addWidget(label(name), row, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(part, row, 1)
    return grid
