"""Where the sidebar is: beside the chat, in a narrow window over it, or away.

A narrow window hides it by itself and shows it again when there is room. Over the chat it goes as
soon as something else is used.
"""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QBoxLayout, QWidget

from app.ui.sidebar.sidebar import WIDTH

ROOM = 1080


class SidebarDock(QObject):
    """Moves `sidebar` in and out of `row`, which is the layout of `centre`.

    `changed` tells whether the sidebar can be seen, `wanted` whether a person wants to see it
    where there is room.
    """

    changed = Signal(bool)
    wanted = Signal(bool)

    def __init__(self, sidebar: QWidget, centre: QWidget, row: QBoxLayout) -> None:
        super().__init__(centre)
        self._sidebar = sidebar
        sidebar.setParent(centre)
        self._centre = centre
        self._row = row
        self._wanted = True
        self._over = False
        centre.installEventFilter(self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow_focus)
        self._place()

    @property
    def shown(self) -> bool:
        """Whether the sidebar can be seen."""
        return self._over if self._is_narrow() else self._wanted

    @property
    def is_over(self) -> bool:
        """Whether the sidebar covers a part of the chat."""
        return self._over

    def toggle(self) -> None:
        """Show the sidebar, or put it away."""
        self.set_shown(not self.shown)

    def set_shown(self, shown: bool) -> None:
        """Show the sidebar or not; in a wide window it stays so."""
        if self._is_narrow():
            self._over = shown
            self._place()
        else:
            self.set_wanted(shown)

    def set_wanted(self, wanted: bool) -> None:
        """Show the sidebar or not wherever there is room."""
        self._wanted = wanted
        self._place()
        self.wanted.emit(wanted)

    def give_way(self) -> None:
        """Go away where the sidebar covers the chat."""
        if self._over:
            self.set_shown(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the window."""
        if event.type() is QEvent.Type.Resize:
            self._over = self._over and self._is_narrow()
            self._place()
        return super().eventFilter(watched, event)

    def _is_narrow(self) -> bool:
        return self._centre.width() < ROOM

    def _place(self) -> None:
        docked = self._row.indexOf(self._sidebar) >= 0
        if self._is_narrow():
            if docked:
                self._row.removeWidget(self._sidebar)
            self._sidebar.setGeometry(0, 0, WIDTH, self._centre.height())
            self._sidebar.raise_()
        elif not docked:
            self._row.insertWidget(0, self._sidebar)
        self._sidebar.setVisible(self.shown)
        self.changed.emit(self.shown)

    def _follow_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and not self._sidebar.isAncestorOf(now):
            self.give_way()
