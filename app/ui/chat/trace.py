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
        self.heading = QToolButton()
        self.heading.setObjectName("disclosure")
        self.heading.setAccessibleName(body.accessibleName())
        self.heading.setCheckable(True)
        self.heading.setChecked(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.toggled.connect(self._show_body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.addWidget(self.heading)
        layout.addWidget(body)
        self._show_body(True)
        self.hide()

    def set_title(self, title: str) -> None:
        """Show `title` in the heading, and the panel with it."""
        self.heading.setText(title)
        self.heading.setAccessibleName(title)
        self.show()

    def open(self) -> None:
        """Unfold the text."""
        self.heading.setChecked(True)

    def _show_body(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self.heading.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.heading.setAccessibleDescription("Open" if shown else "Closed")
