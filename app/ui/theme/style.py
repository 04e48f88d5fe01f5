"""Applies a theme to the application: the Qt palette, the style sheet, and who must repaint.

The theme follows the system's colour scheme unless one was asked for.
"""

from dataclasses import asdict
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from app import paths
from app.domain.heat import Palette
from app.ui.theme.palette import DARK, LIGHT, Theme, with_palette

ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "window",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "muted",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.ToolTipBase: "surface",
    QPalette.ColorRole.ToolTipText: "text",
}


class Appearance(QObject):
    """The theme in use; `changed` carries the next one."""

    changed = Signal(object)

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._sheet = Template((paths.resources() / "style.qss").read_text(encoding="utf-8"))
        application.setStyle("Fusion")
        self._scheme = Qt.ColorScheme.Unknown
        self._palette = Palette.ORANGE
        self.theme = LIGHT
        self._apply()
        application.styleHints().colorSchemeChanged.connect(self._apply)

    def choose(self, scheme: Qt.ColorScheme) -> None:
        """Use this colour scheme; `Unknown` follows the system."""
        self._scheme = scheme
        self._application.styleHints().setColorScheme(scheme)
        self._apply()

    def choose_palette(self, palette: Palette) -> None:
        """Colour heat so."""
        if palette is not self._palette:
            self._palette = palette
            self._apply()

    def _apply(self) -> None:
        system = self._application.styleHints().colorScheme()
        scheme = system if self._scheme is Qt.ColorScheme.Unknown else self._scheme
        plain = DARK if scheme is Qt.ColorScheme.Dark else LIGHT
        self.theme = with_palette(plain, self._palette)
        self._application.setPalette(_palette(self.theme))
        self._application.setStyleSheet(self._sheet.substitute(asdict(self.theme)))
        self.changed.emit(self.theme)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    for role, name in ROLES.items():
        palette.setColor(role, QColor(getattr(theme, name)))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
        palette.setColor(disabled, role, QColor(theme.muted))
    return palette
