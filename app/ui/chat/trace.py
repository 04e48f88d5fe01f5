"""A text apart from the answer, which a person can fold away: the reasoning, or a tool call."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout

from app.ui.chat.token_text import TokenText


class TracePanel(QFrame):
    """A heading that opens and closes, and the coloured text under it."""

    def __init__(self, body: TokenText) -> None:
        super().__init__()
        self.setObjectName("trace")
        self.body = body
        self._heading = QToolButton()
        self._heading.setObjectName("disclosure")
        self._heading.setAccessibleName(body.accessibleName())
        self._heading.setCheckable(True)
        self._heading.setChecked(True)
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.toggled.connect(self._show_body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.addWidget(self._heading)
        layout.addWidget(body)
        self._show_body(True)
        self.hide()

    def set_title(self, title: str) -> None:
        """Show `title` in the heading, and the panel with it."""
        self._heading.setText(title)
        self._heading.setAccessibleName(title)
        self.show()

    def open(self) -> None:
        """Unfold the text."""
        self._heading.setChecked(True)

    def _show_body(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self._heading.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._heading.setAccessibleDescription("Open" if shown else "Closed")
