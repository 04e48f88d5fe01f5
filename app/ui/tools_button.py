"""The menu of tools at the top: the workbench's pages, and chats out to files and in again."""

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QPushButton

WORD, SIGN = "Tools ▾", "⋯"


class ToolsButton(QPushButton):
    """Opens a menu, which is filled by whoever has something to offer."""

    def __init__(self) -> None:
        super().__init__(WORD)
        self.setProperty("kind", "quiet")
        self.setAccessibleName("Tools")
        self.setAccessibleDescription("Scoring, comparing, classifying, and exports")
        self.entries = QMenu(self)
        self.entries.setAccessibleName("Tools")
        self.setMenu(self.entries)

    def shorten(self, short: bool) -> None:
        """Be a sign instead of a word, where there is little room."""
        self.setText(SIGN if short else WORD)

    def offer(self, text: str, action: Callable[[], object], keys: str = "") -> None:
        """Add an entry, which `keys` does the same as, everywhere in the window."""
        made = self.entries.addAction(text)
        made.triggered.connect(lambda: action())
        if keys:
            made.setShortcut(keys)
            self.window().addAction(made)

    def divide(self) -> None:
        """Set what follows apart."""
        self.entries.addSeparator()
