"""The menu of how coloured answers are read: their form, what is marked, and numbers."""

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.domain.heat import Face, HeatMode, Reading
from app.ui.viewmodels.heat import HeatChoice, thresholds

RENDER_KEYS = "Ctrl+Shift+R"
MEANINGS = {
    Face.RENDERED: "Formatted as it is meant to be read, with each token where its characters are",
    Face.TOKENS: "Every character as the model wrote it",
    Face.RAW: "White space, control tokens and parts of characters are drawn",
}


class ViewMenu(QMenu):
    """Shows what a HeatChoice is read as, and sets it; made anew each time it opens.

    `faces` are the forms that there are of what is read.
    """

    def __init__(
        self, parent: QWidget, heat: HeatChoice, faces: Iterable[Face] = tuple(Face)
    ) -> None:
        super().__init__(parent)
        self._heat = heat
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("View")
        self.setToolTipsVisible(True)
        reading = heat.reading
        self._heading("Answers")
        group = QActionGroup(self)
        for face in faces:
            made = self._entry(face.value, face is reading.face, replace(reading, face=face))
            made.setToolTip(MEANINGS[face])
            if face is Face.RENDERED:
                made.setText(f"{face.value}\t{RENDER_KEYS}")
            group.addAction(made)
        self._add_thresholds(heat.mode, reading)
        self._heading("Marks")
        by_sentence = replace(reading, by_sentence=not reading.by_sentence)
        self._entry("Each sentence by its mean", reading.by_sentence, by_sentence)
        numbers = replace(reading, numbers=not reading.numbers)
        self._entry("Numbers below the words", reading.numbers, numbers)
        for action in self.actions():
            action.setEnabled(action.isCheckable() and heat.mode is not HeatMode.NOTHING)

    def _add_thresholds(self, mode: HeatMode, reading: Reading) -> None:
        """Which tokens are marked at all."""
        self._heading("Mark only")
        group = QActionGroup(self)
        names = ("Every word", *(name for name, _ in thresholds(mode)))
        for place, name in enumerate(names):
            group.addAction(self._entry(name, place == reading.over, replace(reading, over=place)))

    def _heading(self, text: str) -> None:
        """A line of its own: a style may leave the text of a section out."""
        if self.actions():
            self.addSeparator()
        self.addAction(text)

    def _entry(self, text: str, on: bool, then: Reading) -> QAction:
        made = self.addAction(text, partial(self._heat.read_as, then))
        made.setCheckable(True)
        made.setChecked(on)
        return made
