"""The settings' dialog: how the window looks, which keys it knows, and where things are kept."""

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QGridLayout, QWidget

from app.services.settings import PALETTE, THEME, Setting, Settings
from app.ui.dialogs import Dialog, ShownText, rows
from app.ui.segments import Segments
from app.ui.widgets import label

KEYS = (
    ("New chat", "Ctrl+N"),
    ("Search every chat", "Ctrl+K"),
    ("Show or hide the chats", "Ctrl+B"),
    ("Open another model", "Ctrl+O"),
    ("Rules of Auto", "Ctrl+Shift+A"),
    ("Server, speed", "Ctrl+Shift+S, Ctrl+Shift+B"),
    ("Write", "Ctrl+L"),
    ("Colour words", "Ctrl+1 to Ctrl+7"),
    ("Table of all tokens; all versions", "Ctrl+T; Ctrl+J"),
    ("What the model read, token by token", "Ctrl+Shift+P"),
    ("Explore ways on from a token", "Ctrl+Shift+X"),
    ("How answers are read", "Ctrl+Shift+V"),
    ("Markdown rendered, or as it was written", "Ctrl+Shift+R"),
    ("Edit the last question", "Up, in the empty field"),
    ("Walk through tokens", "Left and Right, in an answer"),
    ("Next uncertain token, fork, surprise", "F7, F8, F9; back with Shift"),
    ("Stop the answer", "Esc"),
)
C = TypeVar("C", bound=StrEnum)


class SettingsDialog(Dialog):
    """Shows settings and sets them; `profile` is the folder that everything is kept in."""

    def __init__(self, parent: QWidget, settings: Settings, profile: Path) -> None:
        super().__init__(parent, "Settings")
        self.profile = ShownText("Folder")
        self.profile.show_text(str(profile))
        self.theme = _choice(settings, THEME)
        self.heat_colours = _choice(settings, PALETTE)
        self.heat_colours.setToolTip("Each can be told apart without seeing colour")
        self.body.addLayout(rows((THEME.label, self.theme), (PALETTE.label, self.heat_colours)))
        self.body.addWidget(label("Your chats and settings", kind="strong"))
        self.body.addLayout(rows(("Folder", self.profile)))
        self.body.addWidget(label("Keyboard", kind="strong"))
        self.body.addLayout(_keys())
        self.complete(self.theme)


def _choice(settings: Settings, setting: Setting[C]) -> Segments:
    """A setting that is one of a few words."""
    choices = tuple(type(setting.default))
    made = Segments(setting.label, [choice.value.capitalize() for choice in choices])
    made.chosen.connect(lambda place: settings.set(setting, choices[place]))
    settings.observe(setting, lambda choice: made.show_chosen(choices.index(choice)))
    made.show_chosen(choices.index(settings.get(setting)))
    return made


def _keys() -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    for row, (name, keys) in enumerate(KEYS):
        grid.addWidget(label(name, kind="muted"), row, 0)
        grid.addWidget(label(keys), row, 1)
    return grid
